/**
 * A folder that only who installs may enter: whoever owns the data folder owns the keys in it. One of somebody else is
 * refused, for he chose what is in it, and a link, for it would lead what is written there to another place. The package
 * has set both aside before (installer/preinstall.ts).
 */
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { AtlasError, systemCode } from '../../base/errors.ts';

const PRIVATE_FOLDER = 0o700;

/** Made when it is missing. Throws config_invalid for what is no folder, or another's. */
export function ownFolder(path: string): void {
  const descriptor = openFolder(path);
  try {
    const { uid } = fstatSync(descriptor);
    const us = process.geteuid?.() ?? uid;
    if (uid !== us) {
      throw new AtlasError(
        'config_invalid',
        `${path} belongs to user ${uid}, and has to be one of user ${us}`,
        {
          hint: 'move it away',
        },
      );
    }
    fchownSync(descriptor, us, process.getegid?.() ?? 0);
    fchmodSync(descriptor, PRIVATE_FOLDER);
  } finally {
    closeSync(descriptor);
  }
}

/** Through one descriptor, so that what was judged is what is changed. */
function openFolder(path: string): number {
  try {
    mkdirSync(path, { mode: PRIVATE_FOLDER });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (!['ENOTDIR', 'ELOOP'].includes(systemCode(cause) ?? '')) throw cause;
    throw new AtlasError('config_invalid', `${path} is a link or a file, and has to be a folder`, {
      cause,
      hint: 'move it away; a data folder elsewhere is named by server.data_dir in config.yaml',
    });
  }
}
