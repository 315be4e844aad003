/**
 * The TLS port of a server with a key of its own, asked by curl, openssl and the agent, which know nothing of our
 * code: what it speaks, what it refuses, and what it says to who comes without TLS.
 */
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { FileIntruder } from '../scenario/file-intruder.ts';
import { runForeign } from '../scenario/foreign-program.ts';
import { LiveCluster, type LiveServer, USER } from '../scenario/live-cluster.ts';
import { fieldsOf } from '../scenario/registry-intruder.ts';
import { slowness } from '../scenario/slowness.ts';
import { get, RudeClient } from './rude-client.ts';

let cluster: LiveCluster;
let server: LiveServer;
let origin: string;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1 });
  server = await cluster.add({ values: { 'server.tls': 'own' } });
  await server.process.start();
  origin = `https://127.0.0.1:${server.port}`;
});

afterAll(() => cluster?.stop());

const CURL = (await runForeign('curl', '--version')) !== null;
const OPENSSL = (await runForeign('openssl', 'version')) !== null;

/** Over TLS without asking who it is: for what is said, not for who says it. */
function ask(path: string, options: { method?: string; body?: string } = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const { method = 'GET', body } = options;
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const asking = request(origin + path, { method, headers, rejectUnauthorized: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      asking.once('error', reject).end(body);
    },
  );
}

describe('plain HTTP on the TLS port', () => {
  it.skipIf(!CURL)('is answered with a 400 that names the https address (curl)', async () => {
    const ran = await runForeign(
      'curl',
      '-si',
      '--noproxy',
      '*',
      `http://127.0.0.1:${server.port}/api/fleet/cluster/nodes`,
    );
    expect(ran?.code).toBe(0);
    const [head = '', body = ''] = ran?.stdout.split('\r\n\r\n') ?? [];
    expect(head.split('\r\n')[0]).toBe('HTTP/1.1 400 Bad request');
    expect(head).toContain('content-type: application/problem+json; charset=utf-8');
    expect(JSON.parse(body)).toEqual({
      type: 'urn:atlas-fleet:problem:tls_required',
      title: 'Bad request',
      status: 400,
      detail: 'This port speaks https only.',
      code: 'tls_required',
      hint: `Use ${origin}`,
    });
  });

  it('is never carried out: a report and a login sent so are not taken', async () => {
    const body = JSON.stringify({ username: USER, password: cluster.secrets.password });
    const answer = await fetch(`http://127.0.0.1:${server.port}/api/fleet/login`, { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await answer.json()).toMatchObject({ code: 'tls_required' });
  });
});

describe('TLS', () => {
  const shake = (version: string) =>
    runForeign(
      'openssl',
      's_client',
      version,
      '-cipher',
      'DEFAULT@SECLEVEL=0', // or openssl itself would not offer the old versions
      '-connect',
      `127.0.0.1:${server.port}`,
    );

  it.skipIf(!OPENSSL)('1.2 and 1.3 are spoken (openssl)', async () => {
    expect((await shake('-tls1_2'))?.stdout).toMatch(/^\s*(?:New, |Protocol\s*: )TLSv1\.2/m);
    expect((await shake('-tls1_3'))?.stdout).toContain('New, TLSv1.3');
  });

  it.skipIf(!OPENSSL).each(['-tls1_1', '-tls1'])('%s is refused by the server (openssl)', async (version) => {
    const ran = await shake(version);
    expect(ran?.code).not.toBe(0);
    expect(ran?.stderr).toMatch(/alert protocol version/);
    expect(ran?.stdout).toContain('no peer certificate available');
  });

  it('shows a certificate over the key that its signed node record names', async () => {
    const shown = await new Promise<X509Certificate>((resolve, reject) => {
      const socket = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(new X509Certificate(socket.getPeerCertificate().raw));
        socket.destroy();
      });
      socket.once('error', reject);
    });
    const spki = shown.publicKey.export({ type: 'spki', format: 'der' });
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(spki));
    expect(Buffer.from(digest).toString('base64')).toBe(await pin());
    expect(shown.subjectAltName).toContain('IP Address:127.0.0.1');
    expect(shown.ca).toBe(false);
  });

  it('with garbage instead of a handshake ends the connection, and the server goes on', async () => {
    const garbage = Buffer.concat([Buffer.from([0x16]), Buffer.alloc(300, 0xff)]);
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(garbage));
      socket.on('data', () => {});
      socket.once('error', () => {});
      socket.once('close', () => resolve());
    });
    expect((await ask('/livez')).status).toBe(200);
  });
});

describe('over TLS', () => {
  it('a login sets a cookie that only this host can set and only TLS carries, and browsers are told to stay', async () => {
    const body = JSON.stringify({ username: USER, password: cluster.secrets.password });
    const { status, headers } = await ask('/api/fleet/login', { method: 'POST', body });
    expect(status).toBe(200);
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
    const [cookie = ''] = headers['set-cookie'] as string[];
    const [pair, ...attributes] = cookie.split('; ');
    expect(pair).toMatch(/^__Host-atlas=[A-Za-z0-9_-]{43}$/);
    expect(attributes.filter((one) => !one.startsWith('Expires='))).toEqual([
      'Path=/',
      'HttpOnly',
      'Secure',
      'SameSite=Strict',
    ]);
  });

  it('the agent reports to the server whose key it pinned, and sends nothing to another', async () => {
    const folder = join(cluster.folder, 'agent-over-tls');
    const reportTo = async (pinned: string) => {
      const files = { 'api-key': cluster.secrets.apiKey, 'encryption-key': cluster.secrets.encryptionKey };
      const flags = Object.entries(files).flatMap(([name, secret]) => {
        const path = join(cluster.folder, name);
        writeFileSync(path, secret, { mode: 0o600 });
        return [`--${name}-file`, path];
      });
      return atlasFleet([
        'agent',
        '--once',
        '--server',
        origin,
        '--pin',
        pinned,
        '--spool-dir',
        folder,
        ...flags,
      ]);
    };
    const wrong = await reportTo('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    expect(wrong.code).toBe(5);
    expect(wrong.stderr).toMatch(/^error: the report was not acknowledged\b.*\bEPIN\b/m);
    const right = await reportTo(await pin());
    expect(right).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Report accepted by ${origin}.`),
    });
  });
});

describe('a certificate that is given', () => {
  it('is the one that is shown, and one that does not fit its key does not start', async () => {
    const [mine, other] = await Promise.all([makeCertificate(), makeCertificate()]);
    const file = (name: string, text: string) => {
      const path = join(cluster.folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const given = await cluster.add({
      values: {
        'server.tls': 'files',
        'server.tls_cert': file('cert.pem', mine.cert),
        'server.tls_key': file('key.pem', mine.key),
      },
    });
    await given.process.start();
    const shown = await new Promise<string>((resolve, reject) => {
      const socket = connectTls({ port: given.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256);
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(shown).toBe(new X509Certificate(mine.cert).fingerprint256);
    await given.process.kill();

    file('key.pem', other.key);
    const refused = await atlasFleet(['server', '--config', given.configPath]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('error: tls_key is not the key of tls_cert.\n');
  });
});

describe('SIGTERM', () => {
  it('ends the server within ten seconds, whatever clients do', async () => {
    const last = await cluster.add({ values: { 'server.tls': 'own' } });
    await last.process.start();
    const tls = connectTls({ port: last.port, host: '127.0.0.1', rejectUnauthorized: false });
    tls.on('error', () => {}).write(get('/api/docs/static/swagger-ui-bundle.js').repeat(16)); // and never reads
    const rude = await Promise.all(Array.from({ length: 3 }, () => RudeClient.connect(last.port)));
    rude[0]?.send('x');
    rude[1]?.send(Uint8Array.of(0x16, 3, 1, 2, 0));
    onTestFinished(() => {
      tls.destroy();
      for (const client of rude) client.leave();
    });
    const since = performance.now();
    expect(await last.process.terminate()).toBe(0);
    const tookMs = performance.now() - since;
    expect(tookMs).toBeLessThan(10_000 * (await slowness()));
  });
});

async function pin(): Promise<string> {
  const record = await fieldsOf(new FileIntruder(cluster.registry), { type: 'node', nodeId: server.name });
  return String(record.tls_spki_sha256);
}
