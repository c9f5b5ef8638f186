import { linkTo, type Route } from '../route.ts';

/** The way to the page that one most likely came from. */
export function BackLink({ to, words }: { to: Route; words: string }) {
  return (
    <a class="back" href={linkTo(to)}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d="M10 3 5 8l5 5" />
      </svg>
      {words}
    </a>
  );
}

export const BackHome = () => <BackLink to={{ page: 'home' }} words="All devices" />;
