/** A file that the user names, written whole or not at all: it bears its name once every byte is on disk. Mode 0600. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AtlasError, systemCode } from '../base/errors.ts';

const PRIVATE_MODE = 0o600;

export interface WrittenFile {
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

interface NewFileTerms {
  readonly mayReplace?: boolean;
  /** How to say that it may be replaced, for a hint; null where it never may. */
  readonly forceFlag?: string | null;
}

/**
 * The file is begun before the work that fills it: what cannot be written later is known now. Rejects with file_exists,
 * where what stands there stays, with usage where no file can be made, and as the work does; then nothing is left.
 */
export async function withNewFile<T>(
  path: string,
  terms: NewFileTerms,
  work: (file: NewFile) => Promise<T>,
): Promise<T> {
  const file = await NewFile.begin(path, terms);
  try {
    return await work(file);
  } catch (error) {
    await file.discard();
    throw error;
  }
}

export class NewFile {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async begin(path: string, { mayReplace = false, forceFlag = null }: NewFileTerms): Promise<NewFile> {
    await refuseStanding(path, mayReplace, forceFlag);
    const part = partOf(path);
    try {
      await rm(part, { force: true });
      return new NewFile(path, await open(part, 'wx', PRIVATE_MODE));
    } catch (error) {
      throw unmakeable(path, error);
    }
  }

  /** `progress`: told of the bytes of each chunk. Rejects with file_unwritable, and as the chunks do. */
  async fill(
    chunks: AsyncIterable<Uint8Array>,
    progress: (bytes: number) => void = () => {},
  ): Promise<WrittenFile> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      await this.#onDisk(this.#file.writeFile(chunk));
      size += chunk.length;
      progress(chunk.length);
    }
    await this.#onDisk(this.#file.sync());
    await this.#onDisk(this.#file.close());
    await this.#onDisk(rename(partOf(this.#path), this.#path));
    return { size, sha256: hash.digest('hex') };
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(partOf(this.#path), { force: true });
  }

  async #onDisk(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (cause) {
      const code = systemCode(cause) ?? 'unknown reason';
      throw new AtlasError('file_unwritable', `${this.#path} cannot be written: ${WORDS[code] ?? code}`, {
        cause,
        hint: 'Nothing of it is left. Make room there, or name another file.',
      });
    }
  }
}

const partOf = (path: string) => `${path}.part`;

async function refuseStanding(path: string, mayReplace: boolean, forceFlag: string | null): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw unmakeable(path, error);
  });
  if (found?.isDirectory())
    throw new AtlasError('usage', `${path} is a folder`, { hint: 'Name the file in it.' });
  if (found === null || mayReplace) return;
  throw new AtlasError('file_exists', `${path} is there already`, {
    hint: `Name another --out, or ${forceFlag === null ? 'remove the file' : `write over it: ${forceFlag}`}.`,
  });
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EDQUOT: 'the disk is full',
  EEXIST: 'another command is writing it',
  EFBIG: 'it is larger than files may be there',
  ENOSPC: 'the disk is full',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
};

function unmakeable(path: string, cause: unknown): AtlasError {
  const code = systemCode(cause) ?? 'unknown reason';
  const words =
    code === 'ENOENT' || code === 'ENOTDIR' ? `there is no folder ${dirname(path)}` : (WORDS[code] ?? code);
  return new AtlasError('usage', `${path} cannot be made: ${words}`, {
    cause,
    hint: 'Name a file in a folder that is there and that you may write to.',
  });
}
