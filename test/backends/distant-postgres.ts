/**
 * A PostgreSQL that servers take for one on another machine, as a package asks for: by TLS, at an address that means
 * loopback to who connects and is not written as one.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../fakes/certificate.ts';
import { own, PostgresServer } from './postgres.ts';

/** 127.0.0.1 as an address of IPv6 (RFC 4291). */
const ADDRESS = '::ffff:7f00:1';

export class DistantPostgres {
  /** For `database.url`. */
  readonly url: string;
  /** For `database.ca_file`. */
  readonly caFile: string;
  readonly #server: PostgresServer;
  readonly #folder: string;

  private constructor(server: PostgresServer, folder: string, caFile: string) {
    this.url = server.url().replace('127.0.0.1', `[${ADDRESS}]`);
    this.caFile = caFile;
    this.#server = server;
    this.#folder = folder;
  }

  static async start(): Promise<DistantPostgres> {
    const { cert, key } = await makeCertificate({ addresses: [ADDRESS] });
    const folder = mkdtempSync(join(tmpdir(), 'atlas-distant-'));
    chmodSync(folder, 0o755); // PostgreSQL may run as another user
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    writeFileSync(tls.cert, cert);
    writeFileSync(tls.key, key, { mode: 0o600 });
    own(tls.key);
    return new DistantPostgres(await PostgresServer.start({ tls }), folder, tls.cert);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true });
  }
}
