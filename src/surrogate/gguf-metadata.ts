import { UnderstudyError } from "../errors.js";

/** Key-value part of a GGUF header. Getters throw MODEL_FILE naming the key where it is absent or of another type. */
export interface GgufMetadata {
  has(key: string): boolean;
  string(key: string): string;
  /** Any integer or float; 64-bit integers must be exact in a double. */
  number(key: string): number;
  stringArray(key: string): readonly string[];
  numberArray(key: string): readonly number[];
  /** `null` only where the key is absent: a value of the wrong type still throws. */
  optionalString(key: string): string | null;
  optionalNumber(key: string): number | null;
}

/** Wraps the values of a parsed header; `path` is named in errors. */
export function createGgufMetadata(
  path: string,
  values: ReadonlyMap<string, unknown>,
): GgufMetadata {
  const wrongType = (key: string, wanted: string): UnderstudyError =>
    new UnderstudyError(
      "MODEL_FILE",
      `metadata key ${key} ${values.has(key) ? `is not ${wanted}` : "is missing"}`,
      {
        place: { path },
        fix: "convert the model again with a current llama.cpp, or use another GGUF file",
      },
    );

  const string = (key: string): string => {
    const value = values.get(key);
    if (typeof value !== "string") throw wrongType(key, "a string");
    return value;
  };

  const number = (key: string): number => {
    const value = exactNumber(values.get(key));
    if (value === null) throw wrongType(key, "a number");
    return value;
  };

  const arrayOf = <Element>(
    key: string,
    read: (value: unknown) => Element | null,
    wanted: string,
  ): Element[] => {
    const value = values.get(key);
    if (!Array.isArray(value)) throw wrongType(key, wanted);
    return value.map((element: unknown) => {
      const converted = read(element);
      if (converted === null) throw wrongType(key, wanted);
      return converted;
    });
  };

  return {
    has: (key) => values.has(key),
    string,
    number,
    stringArray: (key) =>
      arrayOf(key, (value) => (typeof value === "string" ? value : null), "an array of strings"),
    numberArray: (key) => arrayOf(key, exactNumber, "an array of numbers"),
    optionalString: (key) => (values.has(key) ? string(key) : null),
    optionalNumber: (key) => (values.has(key) ? number(key) : null),
  };
}

function exactNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "bigint") return null;
  const converted = Number(value);
  return Number.isSafeInteger(converted) ? converted : null;
}
