/**
 * The HTTP door alone, on a port of this process: no services behind it but what lets a token in, takes any report
 * and notes changes, and the limits of a test that has no time. For what happens before any route is asked.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { AtlasError } from '../../src/base/errors.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import type { App } from '../../src/http/app.ts';
import { CALLER_RATES, type CallerRateRules } from '../../src/http/caller-rates.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/http/connections.ts';
import { buildServer, type ServerParts } from '../../src/http/server.ts';
import { Changes } from '../../src/services/changes.ts';
import type { ReportIntake } from '../../src/services/fleet/report-intake.ts';
import type { Accounts } from '../../src/services/people/accounts.ts';
import type { ApiTokens } from '../../src/services/people/api-tokens.ts';
import { Audit } from '../../src/services/people/audit.ts';
import type { Sessions } from '../../src/services/people/sessions.ts';
import type { SetupCodes } from '../../src/services/people/setup-code.ts';
import type { TrustDesk } from '../../src/services/trust/trust-desk.ts';
import type { AuditLog } from '../../src/store/audit-log.ts';
import { FakeAuditLog } from '../fakes/audit-log.ts';
import { makeCertificate } from '../fakes/certificate.ts';

/** Bytes of the one asset: more than sockets hold for a client that does not read. */
export const ASSET_BYTES = 4 * 1024 * 1024;

export const API_KEY = 'the key that agents have';
/** A token that is not good; every other one is. */
export const WRONG_TOKEN = 'wrong';

const TAKES_ANY: Pick<ReportIntake, 'take'> = { take: async () => ({ stored: true }) };

export interface DoorPlan {
  readonly overTls?: boolean;
  readonly trustedProxies?: readonly string[];
  readonly rates?: Partial<CallerRateRules>;
  readonly intake?: Pick<ReportIntake, 'take'>;
  readonly accounts?: Accounts;
  readonly sessions?: Sessions;
  readonly tokens?: Pick<ApiTokens, 'authenticate'>;
  readonly setup?: SetupCodes;
  readonly auditLog?: AuditLog;
  readonly trust?: Partial<TrustDesk>;
  readonly log?: Log;
}

export interface OpenDoor {
  readonly app: App;
  readonly port: number;
  readonly changes: Changes;
  /** From where each token was shown, as it would be written down. */
  readonly tokensFrom: (string | null)[];
  /** Sockets that the server holds. */
  connections(): Promise<number>;
}

export async function openDoor(
  limits: Partial<ConnectionLimits> = {},
  {
    overTls = false,
    trustedProxies = [],
    rates = {},
    intake = TAKES_ANY,
    log = silentLog,
    auditLog = new FakeAuditLog(),
    ...given
  }: DoorPlan = {},
): Promise<OpenDoor> {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-door-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'assets', 'big.js'), Buffer.alloc(ASSET_BYTES, 'a'));
  writeFileSync(join(folder, 'index.html'), '<p>the console</p>');
  const changes = new Changes({ ...systemClock, after: (_, call) => systemClock.after(0, call) });
  const tokensFrom: (string | null)[] = [];
  const certificate = overTls ? await makeCertificate() : null;
  const parts = {
    door: 'network',
    log,
    version: '0.0.0',
    nodeId: 'server-01',
    publicUrl: 'https://fleet.example.com',
    trustedProxies,
    clock: systemClock,
    apiKey: new Secret(Buffer.from(API_KEY)),
    intake,
    changes,
    audit: new Audit({ audit: auditLog, nodeId: 'server-01', clock: systemClock, log }),
    /** A token is named as it is. */
    tokens: {
      async authenticate(text: string, from: string | null) {
        if (text === WRONG_TOKEN) throw new AtlasError('token_unknown', 'This API token is unknown.');
        tokensFrom.push(from);
        return { name: text, scopes: ['admin'] };
      },
    },
    ...given,
    tls: certificate && { cert: certificate.cert, key: certificate.key },
    consoleFolder: folder,
    limits: { ...CONNECTION_LIMITS, ...limits },
    rateRules: { ...CALLER_RATES, ...rates },
  };
  const app = await buildServer(parts as unknown as ServerParts);
  rmSync(folder, { recursive: true }); // what it serves it has read
  await app.listen({ host: '127.0.0.1', port: 0 });
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
  return { app, port: (app.server.address() as AddressInfo).port, changes, tokensFrom, connections };
}
