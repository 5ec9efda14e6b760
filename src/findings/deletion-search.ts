import { tokensOf, type CandidateSpan } from "./deletion-path.js";
import type { OutputChanges } from "./output-changes.js";

/** One deletion tried on the search set. */
export interface Trial {
  readonly spans: readonly CandidateSpan[];
  readonly changes: OutputChanges;
}

export interface SearchRequest {
  /** Order of deletion, least influential first. */
  readonly order: readonly CandidateSpan[];
  /** Most outputs asked for; the last trial may not begin where it could exceed this. */
  readonly mostCalls: number;
  readonly callsPerTrial: number;
  readonly tryDeletion: (spans: readonly CandidateSpan[]) => Promise<OutputChanges>;
}

export interface SearchResult {
  /** What could go together without too many changes, in the order it was added: every prefix is a step of a nested path. */
  readonly deletable: readonly CandidateSpan[];
  readonly trials: readonly Trial[];
  readonly unanswered: number;
}

/** First stretch of the path that is tried, as a share of all deletable tokens; doubled after every success. */
const FIRST_SHARE = 0.2;

/**
 * Walks down the order of deletion on the search set: stretches that double while they hold; where one fails, bisection finds
 * the span that broke it; that span is kept and the walk goes on behind it. Several spans a trial, so that an order which is
 * roughly right costs about log2 of its length.
 */
export async function searchDeletions(request: SearchRequest): Promise<SearchResult> {
  const walk = new Walk(request);
  const total = tokensOf(request.order);
  let share = FIRST_SHARE;
  let rest = request.order;
  while (rest.length > 0 && walk.canTry()) {
    const stretch = firstTokens(rest, share * total);
    const held = await walk.longestHolding(stretch);
    rest = rest.slice(held === stretch.length ? held : held + 1);
    share = held === stretch.length ? 2 * share : FIRST_SHARE;
  }
  return walk.result();
}

/** Deletions accepted so far and calls spent. */
class Walk {
  readonly #request: SearchRequest;
  readonly #trials: Trial[] = [];
  #deleted: readonly CandidateSpan[] = [];
  #calls = 0;

  constructor(request: SearchRequest) {
    this.#request = request;
  }

  canTry(): boolean {
    return this.#calls + this.#request.callsPerTrial <= this.#request.mostCalls;
  }

  /** Accepts the longest prefix of the stretch that bisection finds to hold; its length. */
  async longestHolding(stretch: readonly CandidateSpan[]): Promise<number> {
    const start = this.#deleted;
    let [holding, failing, next] = [0, stretch.length + 1, stretch.length];
    while (failing - holding > 1 && this.canTry()) {
      const candidate = [...start, ...stretch.slice(0, next)];
      if (await this.#holds(candidate)) [holding, this.#deleted] = [next, candidate];
      else failing = next;
      next = Math.floor((holding + failing) / 2);
    }
    return holding;
  }

  async #holds(spans: readonly CandidateSpan[]): Promise<boolean> {
    const changes = await this.#request.tryDeletion(spans);
    this.#calls += changes.inputs;
    this.#trials.push({ spans, changes });
    return !changes.exceeded;
  }

  result(): SearchResult {
    const unanswered = this.#trials.reduce((sum, trial) => sum + trial.changes.unanswered, 0);
    return { deletable: this.#deleted, trials: this.#trials, unanswered };
  }
}

function firstTokens(order: readonly CandidateSpan[], tokens: number): readonly CandidateSpan[] {
  let sum = 0;
  const enough = order.findIndex((span) => (sum += span.tokens) >= tokens);
  return enough < 0 ? order : order.slice(0, enough + 1);
}
