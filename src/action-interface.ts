/** What action.yml promises beyond the settings: modes and outputs. */

/** Modes of this version; the first is the default. */
export const ACTION_MODES = ["review"] as const;

/** Small scalars and paths only: a job's outputs are limited to 1 MB. */
export const ACTION_OUTPUTS = {
  findings:
    "Number of findings: certified shorter prompts, suspicious examples and suspicious rows.",
  suspicious: "Number of suspicious examples and rows.",
  "tokens-saved": "Tokens that certified shorter prompts save, all prompts together.",
  complete: "`true`, or `false` where a budget or a fault cut the run short.",
  "report-path": "Path of understudy-report.json.",
  "comment-path": "Path of the comment as Markdown.",
  "summary-path": "Path of the job summary as Markdown.",
} as const;

export type ActionOutput = keyof typeof ACTION_OUTPUTS;
