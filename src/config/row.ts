/** A row of the table of keys (schema.ts): what can be said of one key, and the makers of such rows. */
import type { Secret } from '../base/secret.ts';
import type { Kind } from './kind.ts';

export interface Folders {
  /** Of the config file. */
  readonly config: string;
  readonly data: string;
}

export interface Row<T> {
  readonly kind: Kind<T>;
  readonly default: T;
  /** A default that hangs on where the file is; `default` counts for nothing then. */
  readonly derive?: (folders: Folders) => T;
  /** One sentence. */
  readonly about: string;
  /**
   * open: shown. secret: a Secret, shown by its fingerprint. password: a Secret that people choose, so that a
   * fingerprint would help to guess it. address: may hold a password, and is shown without it. private: no Secret,
   * and not shown. Secrets and addresses are also read from …_FILE.
   */
  readonly view: 'open' | 'secret' | 'password' | 'address' | 'private';
  /** Accepted with its type, though nothing in this version acts on it. */
  readonly later: boolean;
}

const open = { view: 'open', later: false } as const;

export function row<T>(kind: Kind<T>, fallback: NoInfer<T>, about: string): Row<T> {
  return { kind, default: fallback, about, ...open };
}

export function optional<T>(kind: Kind<T>, about: string): Row<T | null> {
  return { kind, default: null, about, ...open };
}

/** Such a row stands after server.data_dir, which it may hang on. */
export function derived<T>(
  kind: Kind<T>,
  fallback: NoInfer<T>,
  derive: (folders: Folders) => NoInfer<T>,
  about: string,
): Row<T> {
  return { ...row(kind, fallback, about), derive };
}

export function secret(
  kind: Kind<Secret>,
  about: string,
  view: 'secret' | 'password' = 'secret',
): Row<Secret | null> {
  return { kind, default: null, about, view, later: false };
}

export const later = <T>(given: Row<T>, view: Row<T>['view'] = 'open'): Row<T> => ({
  ...given,
  view,
  later: true,
});
