/** In which order spans go, given what is gone already: from their influence, and from what the oracle answered along the path. */
import type { Interaction, Interval } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import type { CandidateSpan } from "./deletion-path.js";
import { PathBeliefs } from "./path-beliefs.js";

/** Expected changes that are no difference. */
const TIE = 1e-12;

export interface RankingEvidence {
  /** The maskable spans in mask order. */
  readonly spans: readonly CandidateSpan[];
  /** [row][span in mask order]: what a span adds to the value of an input's fixed output, 90 % intervals; no rows = no attribution. */
  readonly influence: readonly (readonly Interval[])[];
  /**
   * Of each row the value under the whole prompt, where the output changes as the value falls below 0 (class margins, nats); null
   * where there is none. Absent: values are of another kind.
   */
  readonly margins?: readonly (number | null)[];
  /** Position in the search set of each row; by default its own number. */
  readonly rowInputs?: readonly number[];
  /** Pairs whose effects do not add up, by position in mask order. */
  readonly interactions?: readonly Interaction[];
}

/** Values of some inputs of the search set under a deletion, by position in the set. */
export type MeasuredMargins = ReadonlyMap<number, number>;

export interface DeletionRanking {
  /** The spans of `rest` in the order in which they should go once `gone` is gone. */
  order(rest: readonly CandidateSpan[], gone: readonly CandidateSpan[]): readonly CandidateSpan[];
  /** Takes in what the oracle answered under a deletion. */
  observe(deleted: readonly CandidateSpan[], margins: MeasuredMargins): void;
}

/**
 * By margins where every row has one, else by influence alone.
 * @throws UnderstudyError INTERNAL where a row has another number of spans.
 */
export function rankingFrom(evidence: RankingEvidence): DeletionRanking {
  const { spans, influence, margins } = evidence;
  const wrong = influence.find((row) => row.length !== spans.length);
  if (wrong)
    throw new UnderstudyError(
      "INTERNAL",
      `an attribution of ${wrong.length} spans for a template of ${spans.length}`,
    );
  const known = margins?.filter((margin) => margin !== null).length ?? 0;
  return known > 0 ? byMargins(evidence) : byInfluence(evidence);
}

/**
 * First those whose deletion takes the least from the fixed output of any input, for a span that is vital to few inputs must survive;
 * then the smaller mean influence; then the longer span. A span whose redundant partner is gone counts what it is worth without it.
 */
function byInfluence({ spans, influence, interactions = [] }: RankingEvidence): DeletionRanking {
  const places = new Map(spans.map((span, place) => [span.index, place]));
  return {
    order(rest, gone) {
      const gonePlaces = new Set(gone.map((span) => places.get(span.index) ?? -1));
      const keyed = rest.map((span) => {
        const place = places.get(span.index) ?? -1;
        const shift = pairShift(interactions, place, gonePlaces);
        const effects = influence.map((row) => (row[place]?.estimate ?? 0) + shift);
        const worst = effects.reduce((most, effect) => Math.max(most, effect), 0);
        const mean =
          effects.reduce((sum, effect) => sum + Math.abs(effect), 0) / Math.max(1, effects.length);
        return { span, worst, mean };
      });
      return keyed
        .sort(
          (left, right) =>
            left.worst - right.worst ||
            left.mean - right.mean ||
            right.span.tokens - left.span.tokens ||
            left.span.index - right.span.index,
        )
        .map(({ span }) => span);
    },
    observe: () => {},
  };
}

/**
 * Influence is what a span adds on average over its pair partners kept and deleted; with a partner gone it is less by half the pair's
 * effect, so more where the two are redundant.
 */
function pairShift(
  interactions: readonly Interaction[],
  place: number,
  gone: ReadonlySet<number>,
): number {
  return interactions.reduce((sum, { spans: [first, second], effect }) => {
    const partner = first === place ? second : second === place ? first : null;
    return partner === null || !gone.has(partner) ? sum : sum - effect.estimate / 2;
  }, 0);
}

/**
 * One span after the other, always the one that adds the fewest expected changes of output a token: the probability that an input's
 * margin falls below 0, over the inputs of the search set, by beliefs that every answer on the path corrects.
 */
function byMargins(evidence: RankingEvidence): DeletionRanking {
  const places = new Map(evidence.spans.map((span, place) => [span.index, place]));
  const placesOf = (spans: readonly CandidateSpan[]): number[] =>
    spans.flatMap((span) => places.get(span.index) ?? []);
  const beliefs = new PathBeliefs(evidence);
  const ties = byInfluence(evidence);
  return {
    order(rest, gone) {
      const walk = beliefs.startFrom(placesOf(gone));
      const left = new Set(ties.order(rest, gone));
      const order: CandidateSpan[] = [];
      while (left.size > 0) {
        const now = walk.expectedChanges();
        let best: { readonly span: CandidateSpan; readonly price: number } | null = null;
        for (const span of left) {
          const rise = walk.expectedChanges(places.get(span.index) ?? -1) - now;
          const price = rise > 0 ? rise / Math.max(1, span.tokens) : rise;
          if (best === null || price < best.price - TIE) best = { span, price };
        }
        if (best === null) break;
        order.push(best.span);
        left.delete(best.span);
        walk.remove(places.get(best.span.index) ?? -1);
      }
      return order;
    },
    observe: (deleted, margins) => beliefs.observe(placesOf(deleted), margins),
  };
}
