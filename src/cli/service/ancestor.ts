/**
 * The Python ancestor kept its file elsewhere, readable by everybody, and of a form that this program does not run. Its
 * agents can stay with a server that stands alone; a cluster node has the secrets of its cluster. Who else could have
 * written the file, or put it or a link there, would choose our keys, and the file whose mode we change: then it is
 * left as it is.
 */
import { chmodSync, lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FreshValues } from '../../config/fresh-config.ts';
import type { KeyPath } from '../../config/schema.ts';
import { say, sayWarning } from '../terminal.ts';
import { carriedOver } from './carried-over.ts';

const PRIVATE_FILE = 0o600;
const WRITTEN_BY_OTHERS = 0o022;

/** By which agents know a server. */
const AGENT_SECRETS = ['server.api_key', 'server.encryption_key'] as const satisfies readonly KeyPath[];

/** `root`: of the installation, which is root's alone. */
export function ofAncestor(root: string, isStandalone: boolean): FreshValues {
  const path = join(root, 'config', 'config.yaml');
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return {};
  if (!isOurs(lstatSync(dirname(path)), 'isDirectory') || !isOurs(file, 'isFile')) {
    sayWarning(
      `${path} is of an earlier system, and nothing of it was taken over: others than root may write there, or it is a link`,
      'see what is in it; its api_key and encryption_key, if they are right, go into config.yaml',
    );
    return {};
  }
  chmodSync(path, PRIVATE_FILE);
  say(`${path} is of an earlier system and stays where it is, with mode 0600.`);
  return (isStandalone && carriedOver(path, AGENT_SECRETS)) || {};
}

/** A second hard link may have been made to a file that is none of the ancestor's. */
function isOurs(stats: Stats, kind: 'isFile' | 'isDirectory'): boolean {
  const isOwner = stats.uid === 0 || stats.uid === process.geteuid?.();
  const isAlone = kind === 'isDirectory' || stats.nlink === 1;
  return stats[kind]() && isOwner && isAlone && (stats.mode & WRITTEN_BY_OTHERS) === 0;
}
