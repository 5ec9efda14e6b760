import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};

;// CONCATENATED MODULE: external "node:worker_threads"
const external_node_worker_threads_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");
;// CONCATENATED MODULE: ./lib/src/errors.js
/** Errors a user can act on, told apart from our own faults by their code. */
/**
 * The one error class that crosses room boundaries. `message` is complete for a person: place, what is wrong, how to fix it.
 */
class errors_UnderstudyError extends Error {
    name = "UnderstudyError";
    code;
    place;
    fix;
    constructor(code, problem, details = {}) {
        const where = details.place ? `${formatPlace(details.place)}: ` : "";
        const how = details.fix ? `\n  fix: ${details.fix}` : "";
        super(`${where}${problem}${how}`, details.cause === undefined ? undefined : { cause: details.cause });
        this.code = code;
        this.place = details.place ?? null;
        this.fix = details.fix ?? null;
    }
}
/** `path`, `path:line` or `path:line:column`. */
function formatPlace(place) {
    return [place.path, place.line, place.column].filter((part) => part !== undefined).join(":");
}
/** Whether the user can mend it (wrong use, config or file), as opposed to a fault of ours or of a service. */
function isUserMistake(error) {
    switch (error.code) {
        case "USAGE":
        case "CONFIG":
        case "PROMPT_SYNTAX":
        case "SLOT_UNDEFINED":
        case "INPUTS":
        case "DATA":
        case "FILE":
        case "GIT":
        case "MODEL_FILE":
        case "MODEL_UNSUPPORTED":
        case "RECORDING":
        case "CERTIFICATE":
            return true;
        case "MODEL_RUNTIME":
        case "ORACLE_ENDPOINT":
        case "ORACLE_ANSWER":
        case "ORACLE_UNAVAILABLE":
        case "BUDGET":
        case "GITHUB":
        case "INTERNAL":
            return false;
    }
}
/** Exhaustiveness guard for switches over discriminated unions. */
function assertNever(value) {
    throw new errors_UnderstudyError("INTERNAL", `unexpected variant ${JSON.stringify(value)}`);
}
/** The message of anything that was thrown. */
function messageOf(thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
}
//# sourceMappingURL=errors.js.map
;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;// CONCATENATED MODULE: external "node:module"
const external_node_module_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:module");
;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;// CONCATENATED MODULE: external "node:url"
const external_node_url_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:url");
;// CONCATENATED MODULE: ./lib/src/surrogate/runtime.js
/**
 * Finds and loads ONNX Runtime: the native build from a node_modules folder, else the WebAssembly build.
 * Every path is joined at run time: a bundler that sees a literal would rewrite it (and copies no native binary).
 */





const NATIVE_PACKAGE = "onnxruntime-node";
const WEB_PACKAGE = "onnxruntime-web";
const WEB_MODULE = "ort.wasm.min.mjs";
/** GroupQueryAttention's flash kernel is slower on a CPU for sequences of a few hundred tokens. */
const FLASH_ATTENTION_SWITCH = "ORT_GQA_DISABLE_FLASH_ATTENTION";
/** The folder and all folders above it. */
function ancestors(folder) {
    const above = (0,external_node_path_namespaceObject.dirname)(folder);
    return above === folder ? [folder] : [folder, ...ancestors(above)];
}
/** Where the running file lies: `lib/src/surrogate`, or a bundle's folder. */
function runningFolder() {
    return (0,external_node_path_namespaceObject.dirname)((0,external_node_url_namespaceObject.fileURLToPath)(import.meta.url));
}
function firstExisting(candidates, marker) {
    return candidates.find((folder) => (0,external_node_fs_namespaceObject.existsSync)((0,external_node_path_namespaceObject.join)(folder, marker))) ?? null;
}
function isRuntime(value) {
    return (typeof value === "object" &&
        value !== null &&
        "InferenceSession" in value &&
        "Tensor" in value &&
        "env" in value);
}
function loadNative(nativeFolder) {
    const given = nativeFolder === null
        ? []
        : [
            nativeFolder,
            (0,external_node_path_namespaceObject.join)(nativeFolder, NATIVE_PACKAGE),
            (0,external_node_path_namespaceObject.join)(nativeFolder, "node_modules", NATIVE_PACKAGE),
        ];
    const found = ancestors(runningFolder()).map((folder) => (0,external_node_path_namespaceObject.join)(folder, "node_modules", NATIVE_PACKAGE));
    const folder = firstExisting([...given, ...found], (0,external_node_path_namespaceObject.join)("dist", "backend.js"));
    if (folder === null)
        return {
            kind: "failed",
            reason: `no folder ${NATIVE_PACKAGE} was found above ${runningFolder()}`,
        };
    const binary = (0,external_node_path_namespaceObject.join)(folder, "bin", "napi-v6", process.platform, process.arch, "onnxruntime_binding.node");
    if (!(0,external_node_fs_namespaceObject.existsSync)(binary))
        return { kind: "failed", reason: `it has no build for ${process.platform} ${process.arch}` };
    try {
        // Read by the attention kernel when a session is created.
        process.env[FLASH_ATTENTION_SWITCH] ??= "1";
        const require = (0,external_node_module_namespaceObject.createRequire)(import.meta.url);
        const runtime = require(folder);
        if (!isRuntime(runtime))
            return { kind: "failed", reason: `${folder} is not ONNX Runtime` };
        return { kind: "loaded", runtime, version: runtime.env.versions.common };
    }
    catch (error) {
        return { kind: "failed", reason: messageOf(error) };
    }
}
async function loadWasm() {
    const here = runningFolder();
    const beside = [here, (0,external_node_path_namespaceObject.dirname)(here)].map((folder) => (0,external_node_path_namespaceObject.join)(folder, "ort"));
    const installed = ancestors(here).map((folder) => (0,external_node_path_namespaceObject.join)(folder, "node_modules", WEB_PACKAGE, "dist"));
    const folder = firstExisting([...beside, ...installed], WEB_MODULE);
    if (folder === null)
        return { kind: "failed", reason: `no ${WEB_MODULE} was found beside or above ${here}` };
    try {
        const runtime = await import(
        /* webpackIgnore: true */ (0,external_node_url_namespaceObject.pathToFileURL)((0,external_node_path_namespaceObject.join)(folder, WEB_MODULE)).href);
        if (!isRuntime(runtime))
            return { kind: "failed", reason: `${folder} is not ONNX Runtime` };
        runtime.env.wasm.numThreads = 1;
        runtime.env.logLevel = "error";
        return { kind: "loaded", runtime, version: runtime.env.versions.common };
    }
    catch (error) {
        return { kind: "failed", reason: messageOf(error) };
    }
}
function unavailable(backend, reason) {
    const fix = backend === "native"
        ? `Run "npm install", or choose the runtime "auto" or "wasm".`
        : `Run "npm install", or restore the folder "ort" beside the bundle.`;
    return new errors_UnderstudyError("MODEL_RUNTIME", `the ${backend} ONNX Runtime could not be loaded: ${reason}`, { fix });
}
/**
 * Loads ONNX Runtime into this thread. "auto" takes native and falls back to WebAssembly with a notice.
 * Throws MODEL_RUNTIME, with the reason, where the backend asked for cannot be loaded.
 */
async function loadRuntime(options) {
    const native = options.backend === "wasm"
        ? { kind: "failed", reason: "not asked for" }
        : loadNative(options.nativeFolder ?? null);
    if (native.kind === "loaded")
        return { runtime: native.runtime, version: native.version, backend: "native", notice: null };
    if (options.backend === "native")
        throw unavailable("native", native.reason);
    const wasm = await loadWasm();
    if (wasm.kind === "failed")
        throw unavailable("wasm", options.backend === "auto" ? `${wasm.reason}; native: ${native.reason}` : wasm.reason);
    const notice = options.backend === "auto"
        ? `The native ONNX Runtime could not be loaded (${native.reason}); the WebAssembly build runs instead, 15 to 17 times slower.`
        : null;
    return { runtime: wasm.runtime, version: wasm.version, backend: "wasm", notice };
}
//# sourceMappingURL=runtime.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/sequence-plan.js
/** The order in which token sequences are scored: identical ones once, neighbours sharing long prefixes, contiguous shares for workers. */
/** A prompt's tokens and a response's, as one sequence to score. */
function joinTokens(prompt, response) {
    const ids = new Int32Array(prompt.length + response.length);
    ids.set(prompt);
    ids.set(response, prompt.length);
    return { ids, responseTokens: response.length };
}
/** Length of the longest common prefix. */
function commonPrefix(first, second) {
    const limit = Math.min(first.length, second.length);
    let length = 0;
    while (length < limit && first[length] === second[length])
        length++;
    return length;
}
/**
 * How many positions of a sequence may come from keys and values of another that shares `shared` tokens: the token before the response
 * must run again, since its output predicts the first response token.
 */
function reusablePrefix(sequence, shared) {
    return Math.min(shared, sequence.ids.length - sequence.responseTokens - 1);
}
function compare(first, second) {
    const shared = commonPrefix(first.ids, second.ids);
    const difference = (first.ids[shared] ?? -1) - (second.ids[shared] ?? -1);
    return difference !== 0 ? difference : first.responseTokens - second.responseTokens;
}
/** Tokens that each sequence runs after the one before it (the first: all). */
function runLengths(sequences) {
    return sequences.map((sequence, i) => {
        const before = sequences[i - 1];
        return (sequence.ids.length -
            (before ? reusablePrefix(sequence, commonPrefix(before.ids, sequence.ids)) : 0));
    });
}
/** Sorts and deduplicates; two sequences are the same when ids and response length are. */
function planSequences(asked) {
    const order = asked
        .map((sequence, index) => ({ sequence, index }))
        .sort((a, b) => compare(a.sequence, b.sequence));
    const sequences = [];
    const placeOf = new Int32Array(asked.length);
    for (const { sequence, index } of order) {
        const last = sequences.at(-1);
        if (!last || compare(last, sequence) !== 0)
            sequences.push(sequence);
        placeOf[index] = sequences.length - 1;
    }
    const tokensAsked = asked.reduce((sum, sequence) => sum + sequence.ids.length, 0);
    return {
        sequences,
        placeOf,
        tokensAsked,
        tokensRun: runLengths(sequences).reduce((sum, length) => sum + length, 0),
    };
}
/** Cuts planned sequences into at most `shares` contiguous parts of about equal numbers of tokens to run; never an empty part. */
function splitPlan(sequences, shares) {
    const lengths = runLengths(sequences);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const parts = [];
    let done = 0;
    sequences.forEach((sequence, i) => {
        const length = lengths[i] ?? 0;
        // A sequence belongs to the share in which its middle token lies.
        const share = Math.min(shares - 1, Math.floor(((done + length / 2) / total) * shares));
        (parts[share] ??= []).push(sequence);
        done += length;
    });
    return parts.filter((part) => part.length > 0);
}
//# sourceMappingURL=sequence-plan.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/scorer.js
/** Scores a contiguous share of a plan in one session, reusing the keys and values of shared prefixes. */


/** The share's scores in its order, which must be a plan's for prefixes to be worth reusing. */
async function scoreShare(session, sequences, options) {
    const { embed, reusePrefixes, candidates } = options;
    session.reserve(Math.max(...sequences.map(({ ids }) => ids.length), options.reference?.ids.length ?? 0));
    const reference = options.reference === null ? null : await session.distribution(options.reference, embed);
    const scores = [];
    for (const [i, sequence] of sequences.entries()) {
        const next = sequences[i + 1];
        // Worth its copy only where the next sequence shares more with this one than with the one already held.
        const keep = reusePrefixes &&
            next !== undefined &&
            reusablePrefix(next, commonPrefix(sequence.ids, next.ids)) > session.sharedWithHeld(next);
        scores.push(await session.score(sequence, { embed, reuse: reusePrefixes, keep, reference, candidates }));
        options.onScored?.(i + 1);
    }
    return scores;
}
/** Looks token ids up in a table made for a job: `ids` ascending, row i of `rows` [ids.length, hidden] belonging to ids[i]. */
function embedFromTable(table) {
    const rowOf = new Map(Array.from(table.ids, (id, row) => [id, row]));
    const { hidden } = table;
    return (ids) => {
        const embeddings = new Float32Array(ids.length * hidden);
        ids.forEach((id, i) => {
            const row = rowOf.get(id);
            if (row === undefined)
                throw new errors_UnderstudyError("INTERNAL", `token ${id} is missing from the embedding table`);
            embeddings.set(table.rows.subarray(row * hidden, (row + 1) * hidden), i * hidden);
        });
        return embeddings;
    };
}
//# sourceMappingURL=scorer.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/compiled-graph.js
/** A compiled graph on disk, and how each build of ONNX Runtime opens it. */

/** One thread: workers are the parallelism, and threads within an operator are erratic for integer products. */
const SESSION_OPTIONS = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    graphOptimizationLevel: "all",
};
/** The native build maps the weights' file by itself; the WebAssembly build cannot open files and is given the bytes. */
async function openGraph(loaded, graph) {
    const { InferenceSession } = loaded.runtime;
    if (loaded.backend === "native")
        return InferenceSession.create(graph.graphPath, {
            ...SESSION_OPTIONS,
            executionProviders: ["cpu"],
        });
    const externalData = [{ path: graph.weightsLocation, data: (0,external_node_fs_namespaceObject.readFileSync)(graph.weightsPath) }];
    return InferenceSession.create((0,external_node_fs_namespaceObject.readFileSync)(graph.graphPath), {
        ...SESSION_OPTIONS,
        executionProviders: ["wasm"],
        externalData,
    });
}
//# sourceMappingURL=compiled-graph.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/graph-inputs.js
/** What the scoring graph takes and gives, by name. Sizes: S rows run, P positions for which past tensors have room, R response tokens, L targets each, D rows compared. */
const INPUTS = {
    /** float [1, S, hidden]: embeddings of the tokens after the reused prefix. */
    embeddings: "embeddings",
    /** int32 [1]: length of the whole sequence less one. */
    lastPosition: "last_position",
    /** int32 []: length of the whole sequence. */
    totalLength: "total_length",
    /** int64 [R]: rows, counted among the S, that predict the response tokens. */
    responseRows: "response_rows",
    /** int64 [R, L]: tokens whose log-probabilities are wanted at each response row; with L = 1 the response tokens themselves. */
    targets: "targets",
    /** float [D, vocabulary]: log-softmax of the reference run; D is R, or 0 where no divergence is wanted. */
    reference: "reference",
    /** int64 [D]: response rows to compare with the rows of `reference`. */
    comparedRows: "compared_rows",
};
const OUTPUTS = {
    /** float [R, L]: log-probability of each target, natural log. */
    logProbabilities: "log_probabilities",
    /** float [R, vocabulary]: log-softmax, fetched from the reference run only. */
    logSoftmax: "log_softmax",
    /** float [D, 1]: KL(reference || this run) of each compared row, nats. */
    divergence: "divergence",
    /** float [1, S, vocabulary]: only in the benchmark's straightforward graph. */
    logits: "logits",
};
const pastKey = (layer) => `past_key_${layer}`;
const pastValue = (layer) => `past_value_${layer}`;
const presentKey = (layer) => `present_key_${layer}`;
const presentValue = (layer) => `present_value_${layer}`;
/**
 * Declares the inputs of the transformer: a sequence's rows, and past keys and values, float [1, keyValueHeads, P, headSize]. Of the past
 * positions the first total_length - S count; the rest is room.
 */
function declareSequenceInputs(graph, shape) {
    graph.input({ name: INPUTS.embeddings, type: "float", dimensions: [1, "S", shape.hidden] });
    graph.input({ name: INPUTS.lastPosition, type: "int32", dimensions: [1] });
    graph.input({ name: INPUTS.totalLength, type: "int32", dimensions: [] });
    const dimensions = [1, shape.keyValueHeads, "P", shape.headSize];
    for (let layer = 0; layer < shape.layers; layer++) {
        graph.input({ name: pastKey(layer), type: "float", dimensions });
        graph.input({ name: pastValue(layer), type: "float", dimensions });
    }
}
/** Declares what is to be scored: rows, target tokens, and the reference distribution. */
function declareScoreInputs(graph, vocabulary) {
    graph.input({ name: INPUTS.responseRows, type: "int64", dimensions: ["R"] });
    graph.input({ name: INPUTS.targets, type: "int64", dimensions: ["R", "L"] });
    graph.input({ name: INPUTS.reference, type: "float", dimensions: ["D", vocabulary] });
    graph.input({ name: INPUTS.comparedRows, type: "int64", dimensions: ["D"] });
}
//# sourceMappingURL=graph-inputs.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/key-value-cache.js
/** Keys and values of the last sequence a session ran, so that the next one can start after their common prefix. */


/** Buffers hold a multiple of this many positions. */
const CAPACITY_UNIT = 64;
/**
 * One tensor [1, keyValueHeads, capacity, headSize] for each layer's keys and each layer's values. The attention operator reads the first
 * positions of what it is given as past and writes the rest. In the native build the same buffer is past and present, so nothing is copied;
 * the WebAssembly build has its own memory and hands out new tensors.
 */
class KeyValueCache {
    #runtime;
    #shape;
    #inPlace;
    #names;
    #tensors = [];
    #capacity = 0;
    #ids = new Int32Array();
    constructor(runtime, shape, backend) {
        const layers = Array.from({ length: shape.layers }, (_, layer) => layer);
        this.#runtime = runtime;
        this.#shape = shape;
        this.#inPlace = backend === "native";
        this.#names = layers.flatMap((layer) => [
            { past: pastKey(layer), present: presentKey(layer) },
            { past: pastValue(layer), present: presentValue(layer) },
        ]);
    }
    /** The sequence whose keys and values are held; empty where there is none. */
    get ids() {
        return this.#ids;
    }
    /** Makes room for sequences of this many tokens. Growing forgets what is held: reserve for the longest of a job first. */
    reserve(positions) {
        if (positions <= this.#capacity)
            return;
        this.#capacity = Math.ceil(positions / CAPACITY_UNIT) * CAPACITY_UNIT;
        const dimensions = [1, this.#shape.keyValueHeads, this.#capacity, this.#shape.headSize];
        const elements = this.#shape.keyValueHeads * this.#capacity * this.#shape.headSize;
        this.#tensors = this.#names.map(() => new this.#runtime.Tensor("float32", new Float32Array(elements), dimensions));
        this.#ids = new Int32Array();
    }
    /** Inputs of a run. How many of the positions count is the graph's other input. */
    feeds() {
        return Object.fromEntries(this.#names.map(({ past }, i) => [past, this.#tensor(i)]));
    }
    /** Outputs of a run: buffers to write into, or null for ones that the runtime makes. */
    fetches() {
        return Object.fromEntries(this.#names.map(({ present }, i) => [present, this.#inPlace ? this.#tensor(i) : null]));
    }
    /** Takes over the outputs of a run of the whole sequence `ids`. */
    store(ids, outputs) {
        if (!this.#inPlace)
            this.#tensors = this.#names.map(({ present }) => outputs[present] ?? missing(present));
        this.#ids = ids;
    }
    #tensor(index) {
        return this.#tensors[index] ?? missing(`buffer ${index}`);
    }
}
function missing(name) {
    throw new errors_UnderstudyError("INTERNAL", `keys and values: there is no ${name}`);
}
//# sourceMappingURL=key-value-cache.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/session.js
/** One ONNX Runtime session over a compiled graph: scores one sequence after another. */





/** Rows run at once: bounds the memory of attention scores on long prompts, and costs nothing on short ones. */
const MOST_ROWS = 512;
function required(outputs, name) {
    const tensor = outputs[name];
    if (!tensor)
        throw new errors_UnderstudyError("INTERNAL", `the graph gave no ${name}`);
    return tensor;
}
function finiteNumbers(tensor) {
    if (!(tensor.data instanceof Float32Array))
        throw new errors_UnderstudyError("INTERNAL", "the graph gave scores of another type than float");
    const numbers = Float64Array.from(tensor.data);
    if (!numbers.every(Number.isFinite))
        throw new errors_UnderstudyError("MODEL_RUNTIME", "the model gave NaN or infinity", {
            fix: `Check the model file, or score with the precision "fp32".`,
        });
    return numbers;
}
/** Scores one sequence at a time; blocks its thread while it does. */
class ScoringSession {
    #runtime;
    #session;
    #shape;
    #cache;
    #noReference;
    constructor(loaded, session, shape) {
        this.#runtime = loaded.runtime;
        this.#session = session;
        this.#shape = shape;
        this.#cache = new KeyValueCache(loaded.runtime, shape, loaded.backend);
        this.#noReference = new loaded.runtime.Tensor("float32", new Float32Array(0), [
            0,
            shape.vocabulary,
        ]);
    }
    /** Opens a single-threaded session. */
    static async open(loaded, graph, shape) {
        return new ScoringSession(loaded, await openGraph(loaded, graph), shape);
    }
    /** Frees the session. */
    async close() {
        await this.#session.release();
    }
    /** Makes room for sequences of this many tokens, prompt and response. */
    reserve(tokens) {
        this.#cache.reserve(tokens);
    }
    /** Tokens of a sequence for which keys and values are held. */
    sharedWithHeld(sequence) {
        return Math.max(0, reusablePrefix(sequence, commonPrefix(this.#cache.ids, sequence.ids)));
    }
    /** Scores a sequence. Throws MODEL_RUNTIME where a score is NaN or infinite. */
    async score(sequence, options) {
        const outputs = await this.#run(sequence, options, [
            OUTPUTS.logProbabilities,
            OUTPUTS.divergence,
        ]);
        const logProbabilities = finiteNumbers(required(outputs, OUTPUTS.logProbabilities));
        if (!options.reference)
            return { logProbabilities, divergence: null };
        const divergences = finiteNumbers(required(outputs, OUTPUTS.divergence));
        return {
            logProbabilities,
            divergence: divergences.reduce((sum, value) => sum + value, 0) / divergences.length,
        };
    }
    /** Log-softmax [response tokens, vocabulary] of a sequence, to be used as the reference of later runs. */
    async distribution(sequence, embed) {
        const outputs = await this.#run(sequence, { embed, reuse: false, keep: false }, [
            OUTPUTS.logSoftmax,
        ]);
        return required(outputs, OUTPUTS.logSoftmax);
    }
    /** Runs all rows after the reusable prefix, at most 512 at a time, and fetches outputs of the last piece. */
    async #run(sequence, options, fetch) {
        const { ids, responseTokens } = sequence;
        this.#cache.reserve(ids.length);
        const reused = options.reuse ? this.sharedWithHeld(sequence) : 0;
        let start = reused;
        for (let rows = pieceRows(ids.length - start, responseTokens); rows > 0; rows = pieceRows(ids.length - start, responseTokens)) {
            const piece = { ids: ids.subarray(0, start + rows), responseTokens: 1 };
            await this.#runPiece(piece, {
                start,
                fetch: [],
                keep: true,
                embed: options.embed,
                reference: null,
                candidates: null,
            });
            start += rows;
        }
        // Earlier pieces have replaced what was held: then this sequence is the best there is.
        const last = {
            start,
            fetch,
            keep: options.keep || start > reused,
            embed: options.embed,
            reference: options.reference ?? null,
            candidates: options.candidates ?? null,
        };
        return this.#runPiece(sequence, last);
    }
    async #runPiece(sequence, piece) {
        const feeds = { ...this.#inputs(sequence, piece), ...this.#cache.feeds() };
        const wanted = Object.fromEntries(piece.fetch.map((name) => [name, null]));
        if (!piece.keep)
            return this.#session.run(feeds, wanted);
        const outputs = await this.#session.run(feeds, { ...wanted, ...this.#cache.fetches() });
        this.#cache.store(sequence.ids, outputs);
        return outputs;
    }
    #inputs({ ids, responseTokens }, { start, embed, reference, candidates }) {
        const { Tensor: OrtTensor } = this.#runtime;
        const rows = ids.length - start;
        const integers = (values, dimensions) => new OrtTensor("int64", BigInt64Array.from(values, BigInt), dimensions);
        const compared = reference ? responseTokens : 0;
        const targets = candidates
            ? Array.from({ length: responseTokens }, () => [...candidates]).flat()
            : [...ids.subarray(ids.length - responseTokens)];
        return {
            [INPUTS.embeddings]: new OrtTensor("float32", embed(ids.subarray(start)), [
                1,
                rows,
                this.#shape.hidden,
            ]),
            [INPUTS.lastPosition]: new OrtTensor("int32", Int32Array.of(ids.length - 1), [1]),
            [INPUTS.totalLength]: new OrtTensor("int32", Int32Array.of(ids.length), []),
            [INPUTS.responseRows]: integers(countFrom(rows - 1 - responseTokens, responseTokens), [
                responseTokens,
            ]),
            [INPUTS.targets]: integers(targets, [responseTokens, targets.length / responseTokens]),
            [INPUTS.reference]: reference ?? this.#noReference,
            [INPUTS.comparedRows]: integers(countFrom(0, compared), [compared]),
        };
    }
}
/**
 * Rows to run before the last piece of `rest` rows; 0: the rest is the last piece. No piece has fewer than two rows: one row alone takes
 * another kernel, which rounds differently.
 */
function pieceRows(rest, responseTokens) {
    const room = rest - responseTokens - 1;
    return rest > MOST_ROWS && room >= 2 ? Math.min(MOST_ROWS, room) : 0;
}
function countFrom(first, length) {
    return Array.from({ length }, (_, i) => first + i);
}
//# sourceMappingURL=session.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/worker-protocol.js
/** Messages between the pool and its workers. Everything in them can be cloned; weights and embeddings are shared memory. */

/** Anything thrown inside a worker, ready to be sent. */
function packError(thrown) {
    return thrown instanceof errors_UnderstudyError
        ? { code: thrown.code, message: thrown.message }
        : { code: "MODEL_RUNTIME", message: messageOf(thrown) };
}
/** The error again; its message is already complete. */
function unpackError(sent) {
    return new UnderstudyError(sent.code, sent.message);
}
//# sourceMappingURL=worker-protocol.js.map
;// CONCATENATED MODULE: ./lib/src/surrogate/worker.js
/** Entry of a scoring worker, a bundle of its own: `run()` of ONNX Runtime blocks its thread, so it never runs in the main one. */






/** Answers messages one after another. */
class Server {
    #port;
    #open = null;
    #work = Promise.resolve();
    constructor(port) {
        this.#port = port;
        port.on("message", (message) => {
            this.#work = this.#work.then(() => this.#answer(message));
        });
    }
    async #answer(message) {
        try {
            if (message.kind === "open")
                this.#send(await this.#openSession(message.setup));
            else if (message.kind === "score")
                this.#send(await this.#score(message.job));
            else
                await this.#close();
        }
        catch (error) {
            this.#send({ kind: "failed", error: packError(error) });
        }
    }
    #send(message) {
        this.#port.postMessage(message);
    }
    async #openSession(setup) {
        const loaded = await loadRuntime(setup.runtime);
        const session = await ScoringSession.open(loaded, setup.graph, setup.shape);
        this.#open = { session, hidden: setup.shape.hidden };
        return {
            kind: "ready",
            backend: loaded.backend,
            version: loaded.version,
            notice: loaded.notice,
        };
    }
    async #score(job) {
        if (!this.#open)
            throw new errors_UnderstudyError("INTERNAL", "a worker was asked for scores before it was opened");
        const { session, hidden } = this.#open;
        const scores = await scoreShare(session, job.sequences, {
            embed: embedFromTable({ ...job.table, hidden }),
            reference: job.reference,
            candidates: job.candidates,
            reusePrefixes: job.reusePrefixes,
            onScored: (scored) => this.#send({ kind: "progress", scored }),
        });
        return { kind: "scored", scores };
    }
    /** The thread ends when its port is closed. */
    async #close() {
        await this.#open?.session.close();
        this.#port.close();
    }
}
if (!external_node_worker_threads_namespaceObject.parentPort)
    throw new errors_UnderstudyError("INTERNAL", "worker.js runs in a worker thread only");
new Server(external_node_worker_threads_namespaceObject.parentPort);
//# sourceMappingURL=worker.js.map
