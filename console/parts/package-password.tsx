/** One's own password before a package is built. */
import { useMutation } from '@tanstack/react-query';
import { Dialog } from './dialog.tsx';
import { DialogForm } from './dialog-form.tsx';
import { useRecentPassword } from './password-again.tsx';

interface PackagePasswordProps {
  /** Of the button that led here. */
  readonly title: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onConfirmed: () => void;
}

function PasswordForm({ onClose, onConfirmed }: PackagePasswordProps) {
  const password = useRecentPassword(true, true);
  const confirm = useMutation({
    mutationFn: () => password.perform(() => Promise.resolve()),
    onSuccess: onConfirmed,
  });
  return (
    <DialogForm asking={confirm} action="Build it" onClose={onClose}>
      <p>
        It goes into the audit log under your name. The file comes to this browser; the server keeps no copy.
      </p>
      {password.field}
    </DialogForm>
  );
}

export function PackagePassword(props: PackagePasswordProps) {
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={props.title}>
      <PasswordForm {...props} />
    </Dialog>
  );
}
