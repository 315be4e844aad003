/**
 * The kinds of address: hosts, networks, the addresses of servers and of the database. Found values that may
 * carry a password or a token (URLs) are never shown.
 */
import { resolve } from 'node:path';
import { asIs, bad, good, isPath, type Kind, quoteHint } from './kind.ts';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const HOST_RULE = { expected: 'a host name or an IP address', example: '10.0.1.50' };

/** The URL parser knows every spelling of IPv6 (RFC 4291), so no second grammar for it stands here. */
const isIpv6 = (given: string) => /^[0-9a-fA-F:.]+$/.test(given) && URL.canParse(`http://[${given}]/`);
const isIp = (given: string) => IPV4.test(given) || isIpv6(given);
/** Only digits and dots is meant as an address, so it has to be one: 10.0.0.666 is no name. */
const isHost = (given: string) => isIp(given) || (NAME.test(given) && !/^[\d.]+$/.test(given));

function checkedText(
  rule: { expected: string; example: string },
  test: (given: string) => boolean,
): Kind<string> {
  return {
    ...rule,
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type', quoteHint(plain));
      return test(plain) ? good(plain) : bad('bad_value');
    },
    fromText: asIs,
  };
}

export const host = (): Kind<string> => checkedText(HOST_RULE, isHost);

export const hostAndPort = (): Kind<string> =>
  checkedText({ expected: 'host:port', example: '10.0.1.51:26379' }, (given) => {
    const [, name = '', port] = /^(.{1,255}):(\d{1,5})$/.exec(given) ?? [];
    const bracketed = /^\[(.*)\]$/.exec(name)?.[1];
    return Number(port) >= 1 && Number(port) <= 65_535 && (bracketed ? isIpv6(bracketed) : isHost(name));
  });

export const network = (): Kind<string> =>
  checkedText({ expected: 'an IP address or a CIDR range', example: '10.0.0.0/8' }, (given) => {
    const [address = '', bits, ...rest] = given.split('/');
    if (rest.length > 0 || !isIp(address)) return false;
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (IPV4.test(address) ? 32 : 128));
  });

export function isLoopback(given: string): boolean {
  return given === 'localhost' || given === '::1' || (IPV4.test(given) && given.startsWith('127.'));
}

/** The address of a server, without a path; read as `https://host[:port]`. */
export function serverUrl(): Kind<string> {
  return {
    expected: 'http:// or https:// with a host, without a path, user name or password',
    example: 'https://fleet.example.com:8768',
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type');
      const plausible = /^https?:\/\/[^\s@/?#\\]+\/?$/.test(plain) && URL.canParse(plain);
      return plausible ? good(new URL(plain).origin) : bad('bad_value');
    },
    fromText: asIs,
  };
}

/** A web address of any form; some carry a token in their path, so none is shown. */
export const webhook = (): Kind<string> =>
  checkedText(
    { expected: 'a https:// address', example: 'https://hooks.example.com/fleet' },
    (given) => /^https:\/\/\S+$/.test(given) && URL.canParse(given),
  );

export interface DatabaseAddress {
  readonly engine: 'sqlite';
  readonly path: string;
}

export function databaseUrl(): Kind<DatabaseAddress> {
  return {
    expected: 'sqlite: and a path',
    example: 'sqlite:data/fleet.db',
    read(plain, folder) {
      if (typeof plain !== 'string') return bad('wrong_type');
      if (/^postgres(?:ql)?:/.test(plain)) {
        return bad('postgres_not_yet', {
          sentence: 'PostgreSQL comes with the next version; this one keeps its data in SQLite',
          hint: 'Write `url: sqlite:data/fleet.db`, or remove the line.',
        });
      }
      const [, given = ''] = /^sqlite:(?:\/\/(?=\/))?(.*)$/.exec(plain) ?? [];
      const usable = isPath(given) && !(given.startsWith('//') || given.endsWith('/'));
      return usable ? good({ engine: 'sqlite', path: resolve(folder, given) }) : bad('bad_value');
    },
    fromText: asIs,
    toText: ({ engine, path }) => `${engine}:${path}`,
  };
}
