/**
 * One's own password before an act that an open browser must not be enough for. The server checks it and says when it
 * wants it (password_needed), not this page.
 */
import { PasswordInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { ApiError } from '../api.ts';
import { confirmPassword } from '../trust-api.ts';

interface PasswordAgainProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** It has the first focus of its dialog. */
  readonly isFirst: boolean;
}

function PasswordAgain({ value, onChange, isFirst }: PasswordAgainProps) {
  return (
    <PasswordInput
      label="Your password"
      description="Asked again, so that an open browser is not enough."
      autoComplete="current-password"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      {...(isFirst && { 'data-autofocus': true })}
      required
    />
  );
}

interface RecentPassword {
  /** Null while nobody asks for it. */
  readonly field: ReactNode;
  /** Sends what stands in the field before the act. */
  readonly perform: <Result>(act: () => Promise<Result>) => Promise<Result>;
}

/**
 * `isAsked`: the field is there from the start; otherwise from the first answer that the password is needed. `isFirst`:
 * it has the first focus of its dialog.
 */
export function useRecentPassword(isAsked = false, isFirst = false): RecentPassword {
  const [isShown, setShown] = useState(isAsked);
  const [password, setPassword] = useState('');
  const perform = async <Result,>(act: () => Promise<Result>): Promise<Result> => {
    if (isShown) await confirmPassword(password);
    try {
      return await act();
    } catch (error) {
      if (error instanceof ApiError && error.code === 'password_needed') setShown(true);
      throw error;
    }
  };
  return {
    field: isShown && <PasswordAgain value={password} onChange={setPassword} isFirst={isFirst} />,
    perform,
  };
}
