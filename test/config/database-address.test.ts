import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { databaseUrl } from '../../src/config/database-address.ts';
import { configFile, load, loaded, problemsOf, SERVER, temporaryFolder, writeFile } from './config-file.ts';

const withUrl = (url: string) => configFile(`${SERVER}database:\n  url: "${url}"\n`);

describe('the address of a PostgreSQL', () => {
  const usual = { engine: 'postgres', port: 5432, database: 'fleet', user: 'atlas', caFile: null };

  it.each([
    ['postgres://atlas@db.example.com/fleet', { ...usual, host: 'db.example.com', tls: true }],
    ['postgresql://atlas@db.example.com/fleet', { ...usual, host: 'db.example.com', tls: true }],
    ['postgres://atlas@10.0.0.7:6432/fleet', { ...usual, host: '10.0.0.7', port: 6432, tls: true }],
    ['postgres://atlas@[2001:db8::1]/fleet', { ...usual, host: '2001:db8::1', tls: true }],
    ['postgres://atlas@localhost/fleet', { ...usual, host: 'localhost', tls: false }],
    ['postgres://atlas@127.0.0.1/fleet?sslmode=disable', { ...usual, host: '127.0.0.1', tls: false }],
    ['postgres://atlas@127.0.0.1/fleet?sslmode=verify-full', { ...usual, host: '127.0.0.1', tls: true }],
    ['postgres://atlas@[::1]:1/fleet', { ...usual, host: '::1', port: 1, tls: false }],
    ['postgres://a%40b@db/f%2Fg', { ...usual, user: 'a@b', database: 'f/g', host: 'db', tls: true }],
  ])('is read: %s', (url, expected) => {
    expect(loaded(withUrl(url)).config.database).toEqual(expected);
  });

  it('keeps the password apart, as a secret of its own', () => {
    const { config, secrets } = loaded(withUrl('postgres://atlas:p%40ss%3A%2F%3F%23%25@db/fleet'));
    expect(secrets.databasePassword?.revealText()).toBe('p@ss:/?#%');
    expect(JSON.stringify(config)).not.toContain('p@ss');
    expect(loaded(withUrl('postgres://atlas@db/fleet')).secrets.databasePassword).toBeNull();
  });

  it('is read from a file of its own, named by a variable', () => {
    const file = writeFile(`${temporaryFolder()}/url`, 'postgres://atlas:hunter2@db/fleet\n');
    const { config, secrets } = loaded(configFile(SERVER), { env: { ATLAS_FLEET_DATABASE__URL_FILE: file } });
    expect(config.database).toMatchObject({ host: 'db' });
    expect(secrets.databasePassword?.revealText()).toBe('hunter2');
  });

  it.each([
    ['postgres://db/fleet', 'bad_value', 'it names no user'],
    ['postgres://atlas@db', 'bad_value', 'it names no database'],
    ['postgres://atlas@db/', 'bad_value', 'it names no database'],
    ['postgres://atlas@/fleet', 'bad_value', 'it names no host; Unix sockets are not supported'],
    ['postgres:///fleet', 'bad_value', 'it names no host; Unix sockets are not supported'],
    ['postgres://atlas@%2Fvar%2Frun/fleet', 'bad_value', 'it names no host; Unix sockets are not supported'],
    ['postgres://atlas@a,b/fleet', 'bad_value', 'it names several hosts'],
    ['postgres://atlas@10.0.0.666/fleet', 'bad_value', 'its host is no host name and no IP address'],
    ['postgres://atlas@[::x]/fleet', 'bad_value', 'its host is no host name and no IP address'],
    ['postgres://atlas@db:0/fleet', 'bad_value', 'its port is no whole number from 1 to 65535'],
    ['postgres://atlas@db:65536/fleet', 'bad_value', 'its port is no whole number from 1 to 65535'],
    ['postgres://atlas@db:/fleet', 'bad_value', 'its port is no whole number from 1 to 65535'],
    [`postgres://atlas@db/${'f'.repeat(64)}`, 'bad_value', 'its database is longer than 63 bytes'],
    ['postgres://atlas:hunter2@x@db/fleet', 'bad_value', 'it is not a URL of this form'],
    ['postgres://atlas:hunter2/x@db/fleet', 'bad_value', 'it is not a URL of this form'],
    ['postgres://atlas:hunter2%@db/fleet', 'bad_value', 'it is not a URL of this form'],
    ['postgres://atlas:hunter2@db/fleet#x', 'bad_value', 'it is not a URL of this form'],
    ['postgres://atlas:hunter2@db/fle et', 'bad_value', 'it is not a URL of this form'],
    ['postgres://atlas:hunter2@db/fleet?a?b', 'bad_value', 'it is not a URL of this form'],
    ['postgres:fleet', 'bad_value', 'it is not a URL of this form'],
    ['postgres://atlas:@db/fleet', 'secret_empty', 'the key is there, and its value is empty'],
    ['postgres://atlas@db/fleet?host=/tmp', 'bad_value', 'it has the parameter host, which is not known'],
    [
      'postgres://atlas@db/fleet?password=hunter2',
      'bad_value',
      'it has the parameter password, which is not known',
    ],
    [
      'postgres://atlas@db/fleet?sslrootcert=x',
      'bad_value',
      'it has the parameter sslrootcert, which is not known',
    ],
    [
      'postgres://atlas@db/fleet?hunter2hunter2hunter2hunter2',
      'bad_value',
      'it has the parameter, which is not known',
    ],
    [
      'postgres://atlas@db/fleet?sslmode=verify-full&sslmode=disable',
      'bad_value',
      'sslmode stands there twice',
    ],
    ['postgres://atlas@db/fleet?sslmode=', 'bad_value', 'its sslmode is unknown'],
    ['postgres://atlas@db/fleet?sslmode=VERIFY-FULL', 'bad_value', 'its sslmode is unknown'],
    ['postgres://atlas@db/fleet?sslmode=constructor', 'bad_value', 'its sslmode is unknown'],
    [
      'postgres://atlas@db/fleet?SSLMODE=verify-full',
      'bad_value',
      'it has the parameter SSLMODE, which is not known',
    ],
  ])('is refused by what is wrong with it: %s', (url, code, sentence) => {
    const said = problemsOf(load(withUrl(url)));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(
      `6:8 ${code} database.url: ${sentence}; expected sqlite:PATH or postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE | `,
    );
    expect(said[0]).not.toContain('hunter2');
  });

  it('is shown without its password and read again as it was shown', () => {
    const kind = databaseUrl();
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 15 })
      .filter((text) => !/\p{C}/u.test(text) && Buffer.byteLength(text) <= 63);
    const host = fc.constantFrom('db', '10.0.0.1', '[2001:db8::1]', 'localhost');
    fc.assert(
      fc.property(part, part, part, host, (user, password, database, at) => {
        const [a, b, c] = [user, password, database].map(encodeURIComponent);
        const reading = kind.read(`postgres://${a}:${b}@${at}/${c}`, '/');
        if (!reading.ok || reading.value.engine !== 'postgres') return expect(reading).toBeNull();
        expect(reading.value).toMatchObject({ user, database });
        expect(reading.value.password?.revealText()).toBe(password);
        const again = kind.read(kind.toText?.(reading.value) ?? '', '/');
        expect(again).toEqual({ ok: true, value: { ...reading.value, password: null } });
      }),
    );
  });
});
