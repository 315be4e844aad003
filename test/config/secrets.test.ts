import { describe, expect, it } from 'vitest';
import {
  API_KEY,
  CLUSTER_SECRET,
  configFile,
  DB_KEY,
  load,
  PASSWORD_HASH,
  problemsOf,
  SERVER,
} from './config-file.ts';
import { SAMPLE_SECRETS } from './sample-secrets.ts';

describe('a cluster secret', () => {
  it.each(SAMPLE_SECRETS)('that is %s is refused with line, column and mend', (_, secret, code, sentence) => {
    const result = load(configFile(`${SERVER}cluster:\n  enabled: true\n  cluster_secret: "${secret}"\n`));
    expect(problemsOf(result)).toEqual([
      `7:19 ${code} cluster.cluster_secret: ${sentence}; expected base64 of at least 32 random bytes | ` +
        'Put in the output of `atlas-fleet secret generate`, the same on every node of the cluster.',
    ]);
    expect(JSON.stringify(result)).not.toContain(secret);
  });

  it.each([
    ['""', '7:19'],
    ['null', '7:19'],
    ['~', '7:19'],
    ['', '7:3'],
  ])('that is there and is %s is refused, and never taken as none', (value, place) => {
    const result = load(configFile(`${SERVER}cluster:\n  enabled: true\n  cluster_secret: ${value}\n`));
    expect(problemsOf(result)).toEqual([
      `${place} secret_empty cluster.cluster_secret: the key is there, and its value is empty; expected base64 of at least 32 random bytes | ` +
        'Put in the output of `atlas-fleet secret generate`. To run without authentication of nodes, remove the line.',
    ]);
  });

  it('that is empty in the environment is refused as well', () => {
    const result = load(configFile(SERVER), { env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: '' } });
    expect(problemsOf(result)[0]).toMatch(/^\$ATLAS_FLEET_CLUSTER__CLUSTER_SECRET secret_empty /);
  });

  it('may be longer than 32 bytes', () => {
    const long = Buffer.from([...Array(48).keys()]).toString('base64');
    expect(load(configFile(`${SERVER}cluster:\n  cluster_secret: ${long}\n`)).ok).toBe(true);
  });
});

describe.each(['encryption_key', 'db_encryption_key'])('%s', (name) => {
  const withKey = (value: string) => {
    const others = SERVER.split('\n').filter((line) => !line.startsWith(`  ${name}:`));
    return problemsOf(load(configFile(`${others.join('\n')}  ${name}: ${value}\n`))).map(
      (line) => line.split('; expected')[0],
    );
  };

  it.each([
    [
      Buffer.from([...Array(33).keys()]).toString('base64'),
      'secret_wrong_length',
      'it decodes to 33 bytes; exactly 32 are needed',
    ],
    [
      Buffer.from([...Array(31).keys()]).toString('base64'),
      'secret_too_short',
      'it decodes to 31 bytes; at least 32 are needed',
    ],
    [Buffer.alloc(32, 7).toString('base64'), 'secret_repeated_byte', 'it is one byte repeated'],
    [
      'base64_encryption_key',
      'secret_published',
      'it is the sample from a published document; everybody has it',
    ],
    ['db_encryption_key', 'secret_published', 'it is the sample from a published document; everybody has it'],
    [
      'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU=',
      'secret_published',
      'it is the sample from a published document; everybody has it',
    ],
    ['""', 'secret_empty', 'the key is there, and its value is empty'],
  ])('%s is refused', (value, code, sentence) => {
    const column = name.length + 5;
    expect(withKey(value)).toEqual([`4:${column} ${code} server.${name}: ${sentence}`]);
  });

  it('is 32 bytes', () => {
    expect(withKey(CLUSTER_SECRET)).toEqual([]); // which is 32 bytes too
  });
});

describe('an API key', () => {
  const withKey = (value: string) =>
    problemsOf(load(configFile(SERVER.replace(`"${API_KEY}"`, value)))).map(
      (line) => line.split('; expected')[0],
    );

  it.each([
    ['"shared_api_key"', 'secret_published', 'it is the sample from a published document; everybody has it'],
    ['x', 'secret_too_short', 'it has one character; at least 24 are needed'],
    ['abcdefghijklmnopqrstuvw', 'secret_too_short', 'it has 23 characters; at least 24 are needed'],
    [
      '"abcdefghijklm nopqrstuvwxyz"',
      'secret_weak',
      'it has spaces or characters that no HTTP header carries',
    ],
    [
      '"abcdefghijklmnopqrstuvwxyzé"',
      'secret_weak',
      'it has spaces or characters that no HTTP header carries',
    ],
    ['xxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'secret_repeated_byte', 'it is one character repeated'],
    ['123456789012345678901234', 'wrong_type', 'found a number that is not shown'],
  ])('%s is refused', (value, code, sentence) => {
    expect(withKey(value)).toEqual([`2:12 ${code} server.api_key: ${sentence}`]);
  });

  it('is 24 characters of printable ASCII', () => {
    expect(withKey('abcdefghijklmnopqrstuvwx')).toEqual([]);
  });
});

describe('web_password', () => {
  const withPassword = (value: string) => problemsOf(load(configFile(`${SERVER}  web_password: ${value}\n`)));

  it.each([
    'hunter2',
    'hashed_password',
    '$2b$12$abcdefghijklmnopqrstuuKJ4s0NuVnHyhzb3z0Jq3mQbq0zQ1y2a',
    PASSWORD_HASH.replace('argon2id', 'argon2i'),
    `${PASSWORD_HASH}=`,
  ])('%s is taken for a password in clear, and not repeated', (value) => {
    const problems = withPassword(`'${value}'`);
    expect(problems).toEqual([
      '5:17 password_in_clear server.web_password: it is not an argon2id hash; expected an argon2id hash ($argon2id$v=19$m=…,t=…,p=…$salt$hash) | ' +
        '`atlas-fleet user passwd` makes a hash; a password never stands here in clear.',
    ]);
    expect(problems.join()).not.toContain(value);
  });

  it.each([
    'm=4194305,t=2,p=1',
    'm=131072,t=3,p=4',
    'm=19456,t=0,p=1',
    'm=19456,t=11,p=1',
    'm=19456,t=2,p=5',
    'm=7,t=2,p=1',
    'm=019456,t=2,p=1',
  ])('with the parameters %s is refused, because each login would cost them', (parameters) => {
    expect(withPassword(PASSWORD_HASH.replace('m=19456,t=2,p=1', parameters))[0]).toMatch(
      /^5:17 out_of_range /,
    );
  });

  it('is an argon2id hash', () => {
    expect(withPassword(PASSWORD_HASH)).toEqual([]);
  });
});

describe('a password of Redis', () => {
  it.each(['redis_password_here', 'strong_redis_password'])('is not the published %s', (value) => {
    expect(problemsOf(load(configFile(`${SERVER}cluster:\n  redis_password: ${value}\n`)))[0]).toMatch(
      /^6:19 secret_published cluster\.redis_password: it is the sample/,
    );
  });
});

describe('all errors', () => {
  it('are said at once, in the order of the file', () => {
    const text = SERVER.replace(DB_KEY, 'c2hvcnQ=').replace(API_KEY, 'shared_api_key');
    const path = configFile(
      `${text}  prot: 8769\n  accept_v1: "yes"\ncluster:\n  cluster_secret: no!\n`,
      0o644,
    );
    expect(problemsOf(load(path)).map((line) => line.split(' ', 2).join(' '))).toEqual([
      '1:1 file_mode',
      '2:12 secret_published',
      '4:22 secret_too_short',
      '5:3 unknown_key',
      '6:14 wrong_type',
      '8:19 secret_not_base64',
    ]);
  });
});
