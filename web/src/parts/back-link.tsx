import { linkTo } from '../route.ts';

export function BackHome() {
  return (
    <a class="back" href={linkTo({ page: 'home' })}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d="M10 3 5 8l5 5" />
      </svg>
      All devices
    </a>
  );
}
