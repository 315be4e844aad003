/**
 * Where downloads and compressed parts are kept between builds. Nothing in it is secret and all of it can be had
 * again; but what lies there ends up on Macs, as root, so nobody else may write there, and no link leads elsewhere.
 */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { RandomSource } from '../installer/byte-source.ts';
import { findFile } from './file-source.ts';

const FOLDER_MODE = 0o755;
/** Bytes. */
const JSON_MAX_BYTES = 4096;
const WRITABLE_BY_OTHERS = 0o022;

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  readonly home: string;
}

const HERE: Surroundings = {
  env: process.env,
  platform: process.platform,
  isRoot: process.geteuid?.() === 0,
  home: homedir(),
};

/** ATLAS_FLEET_CACHE, or what the system has for such things; root's on a Mac is that of the installed server. */
export function defaultCacheFolder({ env, platform, isRoot, home }: Surroundings = HERE): string {
  if (env.ATLAS_FLEET_CACHE) return env.ATLAS_FLEET_CACHE;
  if (platform === 'darwin')
    return isRoot ? '/Library/Caches/com.fleet.server' : join(home, 'Library', 'Caches', 'atlas-fleet');
  if (isRoot) return '/var/cache/atlas-fleet';
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'atlas-fleet');
}

/** Names are paths below the folder. Everything rejects with folder_not_private where others may write. */
export class CacheFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async find(name: string): Promise<RandomSource | undefined> {
    await this.#refuseShared(name);
    return findFile(join(this.path, name));
  }

  /** Undefined where there is none, or none that can be read as JSON. */
  async readJson(name: string): Promise<unknown> {
    const notes = await this.find(name);
    if (notes === undefined) return undefined;
    try {
      return JSON.parse(Buffer.from(await notes.slice(0, JSON_MAX_BYTES)).toString('utf8'));
    } catch {
      return undefined;
    }
  }

  /**
   * `write` is given a path that nobody else has; it gets its name once all is on the disk. Two that make the same at
   * once each make it whole, and the later one stays.
   */
  make<T>(name: string, write: (draft: string) => Promise<T>): Promise<T> {
    return this.borrow(name, async (draft) => {
      const made = await write(draft);
      await sync(draft);
      await rename(draft, join(this.path, name));
      return made;
    });
  }

  /** A path beside that name for as long as `use` takes: whatever lies there then goes. */
  async borrow<T>(name: string, use: (draft: string) => Promise<T>): Promise<T> {
    const draft = join(this.path, `${name}.${randomUUID()}.part`);
    await this.#refuseShared(dirname(name));
    await mkdir(dirname(draft), { recursive: true, mode: FOLDER_MODE }).catch(unmakeable);
    await this.#refuseShared(dirname(name));
    try {
      return await use(draft);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /**
   * From the folder down to what has this name, as far as there is any. The folder above may be everybody's, as
   * /Library/Caches is: somebody else may have been there first, with a folder or a link of his.
   */
  async #refuseShared(name: string): Promise<void> {
    let path = this.path;
    for (const step of ['', ...name.split('/')]) {
      path = join(path, step);
      const found = await lstat(path).catch(orAbsent);
      if (found === null) return;
      const { mode, uid } = found;
      if (!found.isSymbolicLink() && uid === process.geteuid?.() && (mode & WRITABLE_BY_OTHERS) === 0)
        continue;
      throw new AtlasError('folder_not_private', `Others may write to ${path}, of which packages are made.`, {
        hint: 'Remove it, or name another folder by ATLAS_FLEET_CACHE.',
      });
    }
  }
}

function orAbsent(error: unknown): null {
  if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
  throw error;
}

function unmakeable(cause: NodeJS.ErrnoException): never {
  throw new AtlasError('file_unwritable', `${cause.path} cannot be made for the cache (${cause.code}).`, {
    cause,
    hint: 'Name a folder of your own by ATLAS_FLEET_CACHE, or make room for it.',
  });
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
