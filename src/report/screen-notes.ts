/** What a screen has to say beside its table row, as sentences of plain text: nothing in them comes from a prompt. */
import type { InstanceLevel, Screen } from "../domain.js";
import { decimal, percent, quantity, whole } from "./markdown/numbers.js";

/** Most looks of a path that are printed; the report's JSON has them all. */
const PRINTED_LOOKS = 8;

/** What a reader must know to read the verdict right: everything that is not as usual. Empty for a usual screen. */
export function unusualNotes(screen: Screen): readonly string[] {
  return [...modeNotes(screen), ...populationNotes(screen), ...ruleNotes(screen)];
}

/** Who may explain which inputs, one sentence a surrogate: first how many, then why. */
export function instanceNote(level: InstanceLevel): string {
  const { bySurrogate, byOracle, notExplained, fallbackShare, reason } = level;
  const all = bySurrogate + byOracle + notExplained;
  const nobody = notExplained === 0 ? "" : `, ${whole(notExplained)} by neither`;
  const share = fallbackShare === null ? "" : ` (${percent(fallbackShare)} fall back)`;
  return `May explain ${whole(bySurrogate)} of ${quantity(all, "input")} by itself, the oracle's own masks ${whole(byOracle)}${nobody}${share}: ${reason}.`;
}

/** How the test went: when it was decided, and the lower bound on the way. */
export function courseNotes(screen: Screen): readonly string[] {
  const { certifiedAfter, futileAfter, population } = screen;
  const of = population.size === null ? "" : ` of ${whole(population.size)}`;
  return [
    ...(certifiedAfter === null
      ? []
      : [`Certified after ${whole(certifiedAfter)}${of} inputs; later ones cannot undo it.`]),
    ...(futileAfter === null
      ? []
      : [
          `Futile after ${whole(futileAfter)}${of} inputs: flawless explanations of all the others could not have certified it any more.`,
        ]),
    ...boundNotes(screen),
  ];
}

function modeNotes(screen: Screen): readonly string[] {
  switch (screen.mode) {
    case "predict":
      return [];
    case "labels":
      return [
        `Mode labels: judged by which masks flip the answer, q the sign-AUC and 1/2 without a flip; some did for ${whole(screen.flipped)} of ${quantity(screen.inputs, "input")}.${controlNote(screen)}`,
      ];
    case "explain":
      return [
        screen.surrogateQ === null || screen.oracleQ === null
          ? "Mode explain: the surrogate's explanations against the oracle's own."
          : `Mode explain: mean q ${decimal(screen.surrogateQ)} against ${decimal(screen.oracleQ)} of the oracle's own explanation from half of its masks; estimate, bound and threshold are shares of that.`,
      ];
  }
}

function controlNote({ control, alpha }: Screen & { readonly mode: "labels" }): string {
  if (control === null) return "";
  const outcome =
    control.beatenAfter === null
      ? `not shown to be beaten (wealth ${decimal(control.wealth)} of ${decimal(1 / alpha, 0)} needed)`
      : `beaten after ${quantity(control.beatenAfter, "input")}`;
  return ` Span length alone reaches a mean q of ${decimal(control.estimate)}: ${outcome}.`;
}

function populationNotes({ population }: Screen): readonly string[] {
  return population.form === "finite"
    ? []
    : ["The claim is about inputs like these, not about this set alone."];
}

function ruleNotes({ rule, certifiedAfter }: Screen): readonly string[] {
  if (rule.kind === "betting") return [];
  const betting =
    certifiedAfter === null
      ? "does not certify"
      : `certifies after ${quantity(certifiedAfter, "input")}`;
  return [`Not a valid test: ${rule.invalid}. Betting on the same numbers ${betting}.`];
}

function boundNotes({ boundPath, alpha }: Screen): readonly string[] {
  const looks = printedLooks(boundPath.length);
  if (looks.length === 0) return [];
  const bounds = looks.map((look) => decimal(boundPath[look - 1] ?? 0));
  return [
    `Lower bound at level ${alpha} after ${looks.map(whole).join(", ")} inputs: ${bounds.join(", ")}.`,
  ];
}

/** Evenly spread looks that end with the last. */
function printedLooks(count: number): readonly number[] {
  const printed = Math.min(count, PRINTED_LOOKS);
  return Array.from({ length: printed }, (_, index) => Math.round(((index + 1) * count) / printed));
}
