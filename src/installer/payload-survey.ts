/** What a Payload or Scripts archive holds, in one pass over its bytes, and whether it is what the Bom says of it. */
import type { BomEntry } from './bom-reader.ts';
import { cksum, cksumRegister } from './checksum.ts';
import type { CpioHead, CpioPart } from './cpio-reader.ts';
import { PATH_MAX_BYTES } from './reading-limits.ts';

export interface SurveyedEntry extends CpioHead {
  /** As the program `cksum` prints it. */
  readonly cksum: number;
  /** Of a symbolic link; null otherwise. */
  readonly target: string | null;
}

export interface Survey {
  readonly entries: readonly SurveyedEntry[];
  /** The content of what was asked for, by path. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
}

/** The paths to keep, each with the bytes that may be kept of it; one that is longer is not. */
export type Keep = (path: string) => number;

const KIND_BITS = 0o170000;
export const KINDS = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;

export function isKind(mode: number, kind: keyof typeof KINDS): boolean {
  return (mode & KIND_BITS) === KINDS[kind];
}

export async function survey(parts: AsyncIterable<CpioPart>, keep: Keep = () => 0): Promise<Survey> {
  const entries: SurveyedEntry[] = [];
  const kept = new Map<string, Uint8Array>();
  let open: OpenEntry | undefined;
  const close = () => {
    if (open === undefined) return;
    entries.push(open.surveyed());
    if (open.content !== null && keep(open.head.path) > 0) kept.set(open.head.path, open.content);
  };
  for await (const part of parts) {
    if (part.kind === 'content') {
      open?.add(part.bytes);
      continue;
    }
    close();
    open = new OpenEntry(
      part.head,
      isKind(part.head.mode, 'symlink') ? PATH_MAX_BYTES : keep(part.head.path),
    );
  }
  close();
  return { entries, kept };
}

class OpenEntry {
  readonly head: CpioHead;
  readonly #kept: Uint8Array[] | null;
  #register = 0;

  constructor(head: CpioHead, keepBytes: number) {
    this.head = head;
    this.#kept = head.size <= keepBytes ? [] : null;
  }

  add(bytes: Uint8Array): void {
    this.#register = cksumRegister(bytes, this.#register);
    this.#kept?.push(Uint8Array.from(bytes));
  }

  /** null where it is not kept. */
  get content(): Uint8Array | null {
    return this.#kept && Buffer.concat(this.#kept);
  }

  surveyed(): SurveyedEntry {
    const { head, content } = this;
    const isLink = isKind(head.mode, 'symlink') && content !== null;
    return {
      ...head,
      cksum: cksum(this.#register, head.size),
      target: isLink ? Buffer.from(content).toString() : null,
    };
  }
}

/** In what they differ, a sentence each. */
export function* differences(survey: Survey, bom: readonly BomEntry[]): Iterable<string> {
  const listed = new Map(bom.map((entry) => [entry.path, entry]));
  const seen = new Set<string>();
  for (const entry of survey.entries) {
    const { path } = entry;
    if (seen.has(path)) yield `${path} is in the Payload twice`;
    seen.add(path);
    const row = listed.get(path);
    const facts = row === undefined ? [] : differingFacts(entry, row);
    if (row === undefined) yield `${path} is in the Payload and not in the Bom`;
    if (facts.length > 0) yield `Bom and Payload differ in the ${facts.join(' and ')} of ${path}`;
  }
  for (const { path } of bom) if (!seen.has(path)) yield `${path} is in the Bom and not in the Payload`;
}

function differingFacts(entry: SurveyedEntry, row: BomEntry): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['mode', entry.mode, row.mode],
    ['owner', entry.uid, row.uid],
    ['group', entry.gid, row.gid],
    ['time', entry.time, row.time],
    ...(row.type === 'directory'
      ? []
      : ([
          ['size', entry.size % 2 ** 32, row.size],
          ['checksum', entry.cksum, row.cksum],
          ['target', entry.target, row.target],
        ] as const)),
  ];
  const differing = pairs.filter(([, a, b]) => a !== b).map(([what]) => what);
  const isOfType = row.type !== 'device' && isKind(entry.mode, row.type);
  return isOfType ? differing : ['type', ...differing];
}
