/** A file that a key names is looked at when the configuration is read: a path that leads nowhere fails then, not at night. */
import { escapeControls } from '../../base/log.ts';
import type { PemFault } from '../pem-file.ts';
import type { Problem } from '../problem.ts';
import { error, isSound, type Whole } from './whole.ts';

type FileKey =
  | 'server.tls_cert'
  | 'server.tls_key'
  | 'cluster.redis_ca_file'
  | 'database.ca_file'
  | 'package.sign_key'
  | 'package.sign_chain';

export function* namedFile(
  whole: Whole,
  key: FileKey,
  faultOf: (path: string) => PemFault | null,
): Generator<Problem> {
  const path = whole.values[key];
  if (path === null || !isSound(whole, key)) return;
  const fault = faultOf(path);
  if (fault === null) return;
  yield error(whole, fault.code, key, `${key}: ${escapeControls(path)}: ${fault.sentence}`, fault.hint);
}
