import { describe } from 'vitest';
import { accountStoreContract } from '../contract/account-store.ts';
import { attemptStoreContract } from '../contract/attempt-store.ts';
import { auditLogContract } from '../contract/audit-log.ts';
import { packageStoreContract } from '../contract/package-store.ts';
import { reportStoreContract } from '../contract/report-store.ts';
import { FakeAccountStore } from '../fakes/account-store.ts';
import { FakeAttemptStore } from '../fakes/attempt-store.ts';
import { FakeAuditLog } from '../fakes/audit-log.ts';
import { FakePackageStore } from '../fakes/package-store.ts';
import { FakeReportStore } from '../fakes/report-store.ts';

describe('the report store in memory', () => {
  reportStoreContract(async () => ({ store: new FakeReportStore(), close: async () => {} }));
});

describe('the account store in memory', () => {
  accountStoreContract(async () => ({ store: new FakeAccountStore(), close: async () => {} }));
});

describe('the attempt store in memory', () => {
  attemptStoreContract(async () => ({ store: new FakeAttemptStore(), close: async () => {} }));
});

describe('the audit log in memory', () => {
  auditLogContract(async () => ({ log: new FakeAuditLog(), close: async () => {} }));
});

describe('the records of packages in memory', () => {
  packageStoreContract(async () => ({ store: new FakePackageStore(), close: async () => {} }));
});
