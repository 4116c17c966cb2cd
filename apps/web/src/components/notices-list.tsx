import { useServices, useText } from '../services.ts';
import { Icon } from './icon.tsx';

/** Told to screen readers when they come. */
export function NoticesList() {
  const t = useText();
  const { notices } = useServices();
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.list.value.map(({ id, text, kind }) => (
        <p key={id} class={`notice ${kind}`}>
          <span>{text}</span>
          <button type="button" class="bare" aria-label={t('notice.dismiss')} onClick={() => notices.dismiss(id)}>
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
