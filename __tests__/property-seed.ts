/** Property tests draw the same cases in every run, so that a run that fails can be had again; FC_SEED=NUMBER draws others. */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["FC_SEED"] ?? 4) });
