/** What a pipeline is given: ports to the world and settings; nothing else enters. */
import type { Settings } from "../config.js";
import type { Oracle, StateStore, Surrogate, Workspace } from "../domain.js";

export interface Ports {
  readonly workspace: Workspace;
  /** null: neither a key nor a recording was given. */
  readonly oracle: Oracle | null;
  /** The cheapest one. */
  readonly surrogate: Surrogate;
  /** All of them in order of cost, `surrogate` first; absent: that one alone. */
  readonly surrogates?: readonly Surrogate[];
  readonly state: StateStore;
  /** One line for a person who waits: what is being done, how far. Never part of a report. */
  readonly say: (line: string) => void;
}

export interface Job {
  readonly ports: Ports;
  readonly settings: Settings;
}

/** Printed into every report; changes when results may change. */
export const VERSION = "0.1.0";
