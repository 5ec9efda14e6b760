// toml-eslint-parser's declarations name one type of eslint, which is no dependency of ours.
declare module "eslint" {
  export namespace SourceCode {
    type VisitorKeys = Readonly<Record<string, readonly string[]>>;
  }
}
