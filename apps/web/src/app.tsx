import { useEffect, useRef } from 'preact/hooks';
import { Header } from './components/header.tsx';
import { Lazy } from './components/lazy.tsx';
import { NoticesList } from './components/notices-list.tsx';
import { PAGES } from './plugs.ts';
import { useServices, useText } from './services.ts';

const NO_PROPS = {};

/** The shell: what stays while the pages change. */
export function App() {
  const t = useText();
  const { router } = useServices();
  const main = useRef<HTMLElement>(null);
  const path = router.path.value;
  const page = PAGES.find((one) => one.path === path) ?? PAGES[0]!;
  const first = useRef(true);
  useEffect(() => {
    document.title = page.path === '' ? 'Mememoji' : `${t(page.title)} · Mememoji`;
  }, [page, t]);
  useEffect(() => {
    // A new page begins at its top, for the eye and for the screen reader.
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [page]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t('nav.skip')}
      </button>
      <Header page={page} />
      <main ref={main} id="main" tabIndex={-1}>
        <Lazy key={page.path} load={page.load} props={NO_PROPS} />
      </main>
      <NoticesList />
      <footer class="foot">
        <p>{t('foot.line')}</p>
      </footer>
    </>
  );
}
