/** What a screen remembers between runs. */

/** finite: a claim on this input set, sampled without replacement; population: a claim on inputs like these. */
export type ScreenForm = "finite" | "population";

/** What one test is about: another oracle, surrogate, input set, form, threshold or level is another test. */
export interface ScreenTest {
  readonly inputSetHash: string;
  readonly surrogate: string;
  readonly oracle: string;
  readonly form: ScreenForm;
  readonly threshold: number;
  /** This test's own level: its share where several surrogates share one. */
  readonly alpha: number;
}

/** One input that the test has looked at, and its q in [0, 1]. */
export interface PredictConsumed {
  readonly id: string;
  readonly q: number;
}

/** Without log-probabilities: what span length alone reached on the same flips, and whether any mask flipped the answer. */
export interface LabelsConsumed extends PredictConsumed {
  readonly lengthQ: number;
  readonly flipped: boolean;
}

/** With the oracle's own explanation: its q on the same held-out masks. */
export interface ExplainConsumed extends PredictConsumed {
  readonly oracleQ: number;
}

interface CommonState {
  readonly version: 2;
  readonly test: ScreenTest;
  /** finite: size M of the population; population: the horizon N, most values that will be looked at. Fixed when the test began. */
  readonly population: number;
  /** Inputs of the search set outside the population: their oracle values said nothing when the test began. */
  readonly excluded: readonly string[];
  /** i, W, max W, S and Q of methods C3 after the last consumed input: what `consumed` must lead to. */
  readonly count: number;
  readonly wealth: number;
  readonly largestWealth: number;
  readonly sum: number;
  readonly squares: number;
}

export interface PredictState extends CommonState {
  readonly mode: "predict";
  readonly qVersion: "spearman-1";
  readonly consumed: readonly PredictConsumed[];
}

export interface LabelsState extends CommonState {
  readonly mode: "labels";
  readonly qVersion: "sign-auc-1";
  readonly consumed: readonly LabelsConsumed[];
}

export interface ExplainState extends CommonState {
  readonly mode: "explain";
  readonly qVersion: "held-out-lds-1";
  readonly consumed: readonly ExplainConsumed[];
}

/**
 * The state of a test. Looking again at inputs already consumed, in another order or with other numbers, would make its level a
 * fiction, so they stand here with their numbers.
 */
export type CertificateState = PredictState | LabelsState | ExplainState;

/** Version of the definition of q in each mode: another one is another test. */
export const Q_VERSIONS = {
  predict: "spearman-1",
  labels: "sign-auc-1",
  explain: "held-out-lds-1",
} as const satisfies { readonly [Mode in CertificateState["mode"]]: string };
