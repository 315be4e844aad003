/** A file with a join ticket: good for joining until the cluster secret is there, and then a file like any other. */
import { describe } from 'vitest';
import { AWAY, HERE, POSTGRES, refuses, takes } from './whole-file.ts';

const TICKET = 'join_ticket: atlas-fleet-ticket.v1.e30';
const unjoined = (more = '') => `cluster:\n  enabled: true\n  ${TICKET}\n${more}`;

const NOT_JOINED = {
  says: /a cluster\.join_ticket and no cluster_secret: this server has not joined yet/,
  mend: /atlas-fleet server --config/,
};

describe('is refused', () => {
  refuses({
    'as a server, however much of the rest is there': {
      more: unjoined(),
      is: 'not_joined cluster.join_ticket 7:16',
      ...NOT_JOINED,
    },
    'as an agent': {
      more: unjoined(),
      role: 'agent',
      is: 'not_joined cluster.join_ticket 7:16',
      ...NOT_JOINED,
    },
    'where the ticket comes from the environment': {
      more: 'cluster:\n  enabled: true\n',
      env: { ATLAS_FLEET_CLUSTER__JOIN_TICKET: 'atlas-fleet-ticket.v1.e30' },
      is: 'not_joined cluster.join_ticket $ATLAS_FLEET_CLUSTER__JOIN_TICKET',
      ...NOT_JOINED,
    },
    'what is no ticket': {
      redis: `${HERE}\njoin_ticket: opera`,
      is: 'ticket_malformed cluster.join_ticket 10:16',
      says: /it is not a join ticket, or a part of one/,
      mend: /atlas-fleet cluster ticket create/,
    },
    'an empty ticket': {
      redis: `${HERE}\njoin_ticket:`,
      is: 'secret_empty cluster.join_ticket 10:3',
      says: /its value is empty/,
      mend: /atlas-fleet cluster ticket create/,
    },
    'what is wrong with the rest of a member': {
      redis: `${AWAY}\n${TICKET}`,
      is: 'sqlite_shared database.url 1:1',
      says: /one machine only/,
      mend: /postgres/,
    },
  });
});

describe('is taken', () => {
  takes({
    'for joining: all that the servers share is to come': {
      role: 'any',
      more: unjoined('  redis_host: 10.0.1.50\n  admission: ticket\n'),
    },
    'of a member that still has it': { redis: `${AWAY}\nredis_tls: true\n${TICKET}`, more: POSTGRES },
  });
});
