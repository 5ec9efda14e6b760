import { firstTokens, tokensOf, type CandidateSpan } from "./deletion-path.js";
import type { DeletionRanking } from "./deletion-ranking.js";
import type { OutputChanges } from "./output-changes.js";

/** One deletion tried on the search set. */
export interface Trial {
  readonly spans: readonly CandidateSpan[];
  readonly changes: OutputChanges;
  readonly held: boolean;
}

export interface SearchRequest {
  /** What may go. */
  readonly candidates: readonly CandidateSpan[];
  readonly ranking: DeletionRanking;
  /** Pairs of which either can go but not both, unless the oracle shows otherwise: by `CandidateSpan.index`. */
  readonly redundant: readonly (readonly [number, number])[];
  /** Most outputs asked for; the last trial may not begin where it could exceed this. */
  readonly mostCalls: number;
  readonly callsPerTrial: number;
  /** The outputs under a deletion, and whether they changed little enough. */
  readonly tryDeletion: (
    spans: readonly CandidateSpan[],
  ) => Promise<{ readonly changes: OutputChanges; readonly held: boolean }>;
}

/** Why a candidate stayed: found to change outputs, never tried, or its partner is gone. */
export type Kept = "changes outputs" | "not tried" | "redundant";

export interface SearchResult {
  /** What could go together without too many changes, in the order it was added: every prefix is a step of a nested path. */
  readonly deletable: readonly CandidateSpan[];
  readonly trials: readonly Trial[];
  readonly unanswered: number;
  readonly kept: ReadonlyMap<CandidateSpan, Kept>;
}

/** First stretch of the path that is tried, as a share of all deletable tokens; doubled after every success. */
const FIRST_SHARE = 0.1;
/** Longest stretch between two rankings. */
const LONGEST_SHARE = 0.25;

/**
 * Walks down the path on the search set: stretches of 10 % of the tokens that double, up to 25 %, while they hold, and halve where they
 * do not, down to the one span that is then kept for good. The rest is ranked anew after every trial, given what is gone and what the
 * oracle answered. The walk ends behind the last span or with the calls, so that every span next to the deletion was itself tried:
 * disagreement is only roughly monotone. Second members of redundant pairs come last, one at a time.
 */
export async function searchDeletions(request: SearchRequest): Promise<SearchResult> {
  const walk = new Walk(request);
  while (walk.canTry()) {
    const next = walk.nextStretch();
    if (next.length === 0) break;
    await walk.attempt(next);
  }
  return walk.result();
}

/** Deletions accepted so far, spans kept for good, and calls spent. */
class Walk {
  readonly #request: SearchRequest;
  readonly #total: number;
  readonly #trials: Trial[] = [];
  readonly #breaking = new Set<CandidateSpan>();
  #deleted: readonly CandidateSpan[] = [];
  #share = FIRST_SHARE;
  #calls = 0;

  constructor(request: SearchRequest) {
    this.#request = request;
    this.#total = tokensOf(request.candidates);
  }

  canTry(): boolean {
    return this.#calls + this.#request.callsPerTrial <= this.#request.mostCalls;
  }

  /** What to try next on top of what is gone; empty at the end of the path. */
  nextStretch(): readonly CandidateSpan[] {
    const order = this.#request.ranking.order(this.#rest(), this.#deleted);
    const first: CandidateSpan[] = [];
    const second: CandidateSpan[] = [];
    for (const span of order)
      (this.#hasPartnerIn(span, [...this.#deleted, ...first]) ? second : first).push(span);
    return first.length > 0 ? firstTokens(first, this.#share * this.#total) : second.slice(0, 1);
  }

  async attempt(stretch: readonly CandidateSpan[]): Promise<void> {
    const spans = [...this.#deleted, ...stretch];
    const { changes, held } = await this.#request.tryDeletion(spans);
    this.#calls += changes.inputs;
    this.#trials.push({ spans, changes, held });
    this.#request.ranking.observe(spans, marginsOf(changes));
    if (held) {
      this.#deleted = spans;
      this.#share = Math.min(2 * this.#share, LONGEST_SHARE);
      return;
    }
    const [only] = stretch;
    if (stretch.length === 1 && only !== undefined) {
      this.#breaking.add(only);
      this.#share = FIRST_SHARE;
    } else
      // Below the last stretch by one span at least, so that the halving ends.
      this.#share = Math.min(
        this.#share / 2,
        tokensOf(stretch.slice(0, Math.ceil(stretch.length / 2))) / this.#total,
      );
  }

  #rest(): readonly CandidateSpan[] {
    return this.#request.candidates.filter(
      (span) => !this.#deleted.includes(span) && !this.#breaking.has(span),
    );
  }

  #hasPartnerIn({ index }: CandidateSpan, others: readonly CandidateSpan[]): boolean {
    return this.#request.redundant.some(([one, other]) => {
      const partner = one === index ? other : other === index ? one : null;
      return partner !== null && others.some((span) => span.index === partner);
    });
  }

  result(): SearchResult {
    const kept = this.#request.candidates
      .filter((span) => !this.#deleted.includes(span))
      .map((span): [CandidateSpan, Kept] => [
        span,
        this.#hasPartnerIn(span, this.#deleted)
          ? "redundant"
          : this.#breaking.has(span)
            ? "changes outputs"
            : "not tried",
      ]);
    return {
      deletable: this.#deleted,
      trials: this.#trials,
      unanswered: this.#trials.reduce((sum, trial) => sum + trial.changes.unanswered, 0),
      kept: new Map(kept),
    };
  }
}

function marginsOf({ comparisons }: OutputChanges): ReadonlyMap<number, number> {
  return new Map(
    comparisons.flatMap(({ input, margin }) => (margin === null ? [] : [[input, margin]])),
  );
}
