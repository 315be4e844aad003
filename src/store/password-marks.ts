/** What this node notes of its passwords when the cluster is compromised, so that it can tell whether they were changed. */

export interface PasswordMark {
  /** 16 random bytes, hex. */
  readonly salt: string;
  /** HMAC-SHA256 of the password under the salt, hex. */
  readonly digest: string;
}

export interface PasswordMarks {
  /** Of the step that changed the secret after the compromise, hex. */
  readonly step: string;
  /** Null where there was no password. */
  readonly redis: PasswordMark | null;
  readonly postgres: PasswordMark | null;
}

export interface PasswordMarkStore {
  /** Null where nothing was noted. Rejects where something was, and cannot be read. */
  load(): Promise<PasswordMarks | null>;
  /** Durable when it resolves. Rejects with the errors of the disk. */
  keep(marks: PasswordMarks): Promise<void>;
}
