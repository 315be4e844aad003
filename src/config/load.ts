/**
 * The one way from what an operator wrote to what the program believes: flag over environment over file over
 * default, read once.
 */
import type { Config, Role, Secrets } from './config.ts';
import type { Problem } from './problem.ts';

export interface LoadOptions {
  /** Whose requirements must be met. */
  role: Role;
  /** From --config. A path given here must exist. */
  configPath?: string | undefined;
  /** Flags by key, such as { 'agent.servers': 'https://…' }. Never secrets: those come as files. */
  flags?: Readonly<Record<string, string>>;
  /** Flags that name the file of a secret, such as { 'agent.api_key': '/path' }. */
  flagFiles?: Readonly<Record<string, string>>;
  /** Go on without a file when none is found: an agent that runs from flags. */
  fileOptional?: boolean;
  env?: Readonly<Record<string, string | undefined>>;
}

/** Where a value came from. `line` for a file, `variable` for the environment, `flag` for a flag. */
export type Origin =
  | { readonly from: 'file'; readonly line: number }
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'flag'; readonly flag: string }
  | { readonly from: 'default' };

export type Loaded =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly secrets: Secrets;
      /** By key as the file spells it: `cluster.redis_host`. */
      readonly origins: ReadonlyMap<string, Origin>;
      readonly warnings: readonly Problem[];
    }
  /** All errors and warnings, in the order of their places. `path` is the file that was read, if any. */
  | { readonly ok: false; readonly path: string | null; readonly problems: readonly Problem[] };

export function loadConfig(options: LoadOptions): Loaded {
  throw new TypeError(`not written yet: ${options.role}`);
}
