/** Who is signed in, and what they can do about it. */
import { Menu, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { logout, type SessionInfo } from '../api.ts';
import { forgetSession } from '../queries.ts';
import { Foreign } from './foreign.tsx';
import { Glyph } from './glyph.tsx';
import { PasswordDialog } from './password-dialog.tsx';

export function UserMenu({ session }: { readonly session: SessionInfo }) {
  const client = useQueryClient();
  const [changing, password] = useDisclosure(false);
  const leave = useMutation({
    mutationFn: logout,
    onSuccess: () => forgetSession(client),
  });
  return (
    <>
      <Menu
        position="top-start"
        width={200}
        shadow="md"
        withinPortal={false}
        withInitialFocusPlaceholder={false}
      >
        <Menu.Target>
          <UnstyledButton className="at-user">
            <Glyph name="user" />
            <Foreign text={session.username} />
            <span className="at-hidden">: account menu</span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={password.open}>Change password</Menu.Item>
          <Menu.Item onClick={() => leave.mutate()}>Sign out</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {leave.error && (
        <p className="at-small" role="alert">
          Not signed out: {leave.error.message}
        </p>
      )}
      <PasswordDialog opened={changing} onClose={password.close} />
    </>
  );
}
