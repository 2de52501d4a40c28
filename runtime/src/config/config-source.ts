/** A place in a file, or another place that a person can find again. */
export interface ConfigPosition {
  /** A path as the user gave it, or a name such as `environment variable "APP_PORT"`. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

/** Keys of mappings and indexes of lists, from the root. */
export type ConfigPath = readonly (string | number)[];

/** A piece of configuration: a file, the environment, an entry of a config centre. */
export interface ConfigDocument {
  /** What people call it, such as `configs/config.yaml`. */
  readonly name: string;
  /** Plain objects, lists and scalars. Not changed by anybody. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Where the key or list entry at `path` stands; `undefined` when it is not in this document. */
  locate(path: ConfigPath): ConfigPosition | undefined;
  /**
   * Whether this document may hold keys that no schema knows, as the environment does. They serve
   * placeholders and are dropped before validation complains. Default: false.
   */
  readonly open?: boolean;
}

/** Where configuration comes from. */
export interface ConfigSource {
  readonly name: string;
  /** Reads everything; later documents override earlier ones. Rejects with a `ConfigError`. */
  load(): Promise<readonly ConfigDocument[]>;
  /** Lets go of connections. Called by `Config.close`. */
  close?(): Promise<void>;
}
