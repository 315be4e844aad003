/**
 * What the reading of one package may use up, over all its parts together: a bound for each part alone is none for a
 * file that has as many parts as it likes. All of it begins anew with each file that is opened, and none is given back.
 */
import { damaged } from './package-fault.ts';
import {
  BOMS_MAX_BYTES,
  ENTRIES_MAX,
  MANIFESTS_MAX_BYTES,
  PATHS_MAX,
  PATHS_MAX_LENGTH,
  UNPACKED_FREE_BYTES,
  UNPACKED_MAX_BYTES,
  UNPACKED_MAX_RATIO,
} from './reading-limits.ts';

export class Allowance {
  readonly #max: number;
  readonly #unit: string;
  #left: number;

  /** `unit`: in the plural, as in `paths`. */
  constructor(max: number, unit: string) {
    this.#max = max;
    this.#unit = unit;
    this.#left = max;
  }

  /** Throws package_damaged where that is more than is left: a package that cannot be read to its end is not believed. */
  spend(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) throw damaged(`The package has more than ${this.#max} ${this.#unit}.`);
  }
}

export interface Allowances {
  /** Bytes that come out of a decompressor. */
  readonly unpacked: Allowance;
  /** Bytes of what is held in memory. */
  readonly manifests: Allowance;
  readonly boms: Allowance;
  /** Rows of the Boms, and characters of their paths. */
  readonly paths: Allowance;
  readonly pathLength: Allowance;
  /** Of Payloads and Scripts. */
  readonly entries: Allowance;
}

/** Of a file of so many bytes. */
export function allowancesOf(fileBytes: number): Allowances {
  const unpacked = Math.min(UNPACKED_MAX_BYTES, UNPACKED_FREE_BYTES + UNPACKED_MAX_RATIO * fileBytes);
  return {
    unpacked: new Allowance(unpacked, 'bytes when it is decompressed'),
    manifests: new Allowance(MANIFESTS_MAX_BYTES, 'bytes of PackageInfo and Distribution'),
    boms: new Allowance(BOMS_MAX_BYTES, 'bytes of Boms'),
    paths: new Allowance(PATHS_MAX, 'paths in its Boms'),
    pathLength: new Allowance(PATHS_MAX_LENGTH, 'characters of paths in its Boms'),
    entries: new Allowance(ENTRIES_MAX, 'entries in its Payloads and Scripts'),
  };
}
