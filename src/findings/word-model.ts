/** Texts as tokens, with the index of each one's written label. */
export interface LabelledTexts {
  readonly texts: readonly (readonly string[])[];
  readonly written: readonly number[];
  readonly labels: number;
}

/** How often each word's texts carry each label. */
export interface WordModel {
  readonly counts: ReadonlyMap<string, Float64Array>;
  readonly totals: Float64Array;
}

/** Texts that every word is given for free in every label. */
const PSEUDO_TEXTS = 0.3;
/** Parts that the reference texts are dealt into, so that no text is judged by a model that has seen it. */
const PARTS = 4;

const NONE: ReadonlySet<string> = new Set();

/** Counts words by label: what the reference rows say about which content belongs to which label. */
export function learnWords({ texts, written, labels }: LabelledTexts): WordModel {
  const counts = new Map<string, Float64Array>();
  const totals = new Float64Array(labels);
  for (const [index, tokens] of texts.entries()) {
    const label = written[index] ?? 0;
    totals[label] = (totals[label] ?? 0) + 1;
    for (const word of new Set(tokens)) {
      const row = counts.get(word) ?? new Float64Array(labels);
      row[label] = (row[label] ?? 0) + 1;
      counts.set(word, row);
    }
  }
  return { counts, totals };
}

/** Naive Bayes log-likelihood of every label, up to a constant; a word the model has not seen, or is told to ignore, says nothing. */
export function wordEvidence(
  { counts, totals }: WordModel,
  tokens: readonly string[],
  ignored: ReadonlySet<string> = NONE,
): Float64Array {
  const evidence = new Float64Array(totals.length);
  for (const word of new Set(tokens)) {
    const row = ignored.has(word) ? undefined : counts.get(word);
    for (const [label, count] of row?.entries() ?? [])
      evidence[label] =
        (evidence[label] ?? 0) + Math.log((count + PSEUDO_TEXTS) / ((totals[label] ?? 0) + 1));
  }
  const mean = evidence.reduce((sum, value) => sum + value, 0) / evidence.length;
  return evidence.map((value) => value - mean);
}

/** For each text the word model of the other parts of these texts, which has not seen it. */
export function heldOutWords({ texts, written, labels }: LabelledTexts): readonly WordModel[] {
  const models = Array.from({ length: PARTS }, (_, part) => {
    const others = [...texts.keys()].filter((index) => index % PARTS !== part);
    return learnWords({
      texts: others.map((index) => texts[index] ?? []),
      written: others.map((index) => written[index] ?? 0),
      labels,
    });
  });
  return texts.flatMap((_, index) => models[index % PARTS] ?? []);
}

/** Evidence for the reference texts themselves, each from the texts of the other parts. */
export function heldOutWordEvidence(labelled: LabelledTexts): readonly Float64Array[] {
  const models = heldOutWords(labelled);
  return labelled.texts.map((tokens, index) => {
    const model = models[index];
    return model ? wordEvidence(model, tokens) : new Float64Array(labelled.labels);
  });
}
