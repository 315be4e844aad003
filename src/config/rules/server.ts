/** The server's own TLS: files that are there and are what they are named for, and never an open port without it. */
import { isLoopback } from '../address-kind.ts';
import { certificateFault, privateKeyFault } from '../pem-file.ts';
import type { Problem } from '../problem.ts';
import { namedFile } from './named-file.ts';
import { error, isSound, type Whole, warning } from './whole.ts';

const FILE_KEYS = ['server.tls_cert', 'server.tls_key'] as const;

export function* judgeServer(whole: Whole): Generator<Problem> {
  if (!isSound(whole, 'server.tls')) return;
  yield* judgeFiles(whole);
  const { values } = whole;
  const exposed = !isLoopback(values['server.host']) && values['server.trusted_proxies'].length === 0;
  if (values['server.tls'] === 'off' && isSound(whole, 'server.host', 'server.trusted_proxies') && exposed) {
    const sentence = 'server.tls is off, and server.host can be reached from other machines';
    const hint =
      'Write `tls: own`, or `host: 127.0.0.1`, or name the proxies that do TLS in trusted_proxies.';
    yield error(whole, 'tls_off_exposed', 'server.tls', sentence, hint);
  }
}

function* judgeFiles(whole: Whole): Generator<Problem> {
  const mode = whole.values['server.tls'];
  for (const key of FILE_KEYS) {
    if (mode !== 'files') {
      if (whole.values[key] === null) continue;
      const sentence = `${key} is not used while server.tls is ${mode}`;
      yield warning(whole, 'not_used', key, sentence, 'Write `tls: files`, or remove the line.');
    } else if (whole.values[key] === null && isSound(whole, key)) {
      const hint = `Add \`${key.slice('server.'.length)}\`, the path of a PEM file, or write \`tls: own\`.`;
      yield error(whole, 'tls_files_missing', key, `server.tls is files, and ${key} is not given`, hint);
    } else {
      yield* namedFile(whole, key, key === 'server.tls_key' ? privateKeyFault : certificateFault);
    }
  }
}
