import { LANGUAGES, parseLanguage } from '../i18n/language.ts';
import { PAGES, type Page } from '../plugs.ts';
import { useServices, useText } from '../services.ts';
import { THEMES } from '../theme.ts';
import { Emoji } from './emoji.tsx';
import { Icon } from './icon.tsx';

const THEME_ICONS = { auto: 'half', light: 'sun', dark: 'moon' } as const;

/** Name, pages, language and theme. */
export function Header({ page }: { page: Page }) {
  const t = useText();
  return (
    <header class="head">
      <a class="brand" href="#/">
        <Emoji name="happy" size={34} />
        <span>Mememoji</span>
      </a>
      <nav aria-label={t('nav.name')}>
        <ul class="pages">
          {PAGES.map(({ path, title, icon }) => (
            <li key={path}>
              <a href={`#/${path}`} aria-current={path === page.path ? 'page' : undefined}>
                <Icon name={icon} />
                <span>{t(title)}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="settings">
        <LanguageChoice />
        <ThemeButton />
      </div>
    </header>
  );
}

function LanguageChoice() {
  const t = useText();
  const { language } = useServices();
  const codes = Object.entries(LANGUAGES);
  return (
    <select
      aria-label={t('nav.language')}
      value={language.code.value}
      onChange={(event) => void language.choose(parseLanguage(event.currentTarget.value) ?? 'en')}
    >
      {codes.map(([code, name]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** Goes round: as the system, light, dark. */
function ThemeButton() {
  const t = useText();
  const { theme } = useServices();
  const name = theme.name.value;
  const next = THEMES[(THEMES.indexOf(name) + 1) % THEMES.length]!;
  return (
    <button
      type="button"
      class="bare"
      title={t(`theme.${name}`)}
      aria-label={`${t('theme.name')}: ${t(`theme.${name}`)}`}
      onClick={() => theme.choose(next)}
    >
      <Icon name={THEME_ICONS[name]} />
    </button>
  );
}
