import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import sample from '../assets/sample.jpg';
import { Emoji } from '../components/emoji.tsx';
import { useServices, useText } from '../services.ts';
import { type Offered, parseAddress } from './picture-sources.ts';

interface Props {
  /** There are pictures already, and this steps back. */
  small: boolean;
  onTake: (offered: Offered) => void;
  onAddress: (address: string) => void;
}

/** The ways in: choose, drop, paste, an address, or the sample. */
export function AddPicture({ small, onTake, onAddress }: Props) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const choose = (): void => {
    const files = [...(input.current?.files ?? [])];
    if (files.length > 0)
      onTake({ pictures: files.map((file) => ({ name: file.name, content: file })), address: undefined });
    input.current!.value = '';
  };
  return (
    <section class={small ? 'add small' : 'add'} aria-label={t('picture.add')}>
      {!small && (
        <p class="add-faces">
          {(['surprise', 'happy', 'neutral'] as const).map((name) => (
            <Emoji key={name} name={name} size={72} />
          ))}
        </p>
      )}
      <div class="add-ways">
        <button type="button" class="primary" onClick={() => input.current?.click()}>
          {t('picture.choose')}
        </button>
        <input
          ref={input}
          type="file"
          accept="image/*"
          multiple
          hidden
          aria-label={t('picture.choose')}
          onChange={choose}
        />
        <AddressField onAddress={onAddress} />
      </div>
      <p class="quiet">
        {t('picture.ways')} {!small && <Sample />}
      </p>
    </section>
  );
}

function Sample() {
  const t = useText();
  const { pictures, notices } = useServices();
  const show = async (): Promise<void> => {
    try {
      const response = await fetch(sample);
      pictures.add([{ name: t('picture.sampleName'), content: await response.blob() }]);
    } catch {
      notices.failed(t('page.failed'));
    }
  };
  return (
    <button type="button" class="link" onClick={show}>
      {t('picture.sample')}
    </button>
  );
}

function AddressField({ onAddress }: { onAddress: (address: string) => void }) {
  const t = useText();
  const { notices } = useServices();
  const text = useSignal('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const address = parseAddress(text.value);
    if (address === undefined) {
      notices.failed(t('url.wrong'));
      return;
    }
    text.value = '';
    onAddress(address);
  };
  return (
    <form class="address" onSubmit={submit}>
      <input
        type="text"
        inputMode="url"
        autocomplete="off"
        spellcheck={false}
        placeholder={t('url.placeholder')}
        aria-label={t('url.label')}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit">{t('url.go')}</button>
    </form>
  );
}
