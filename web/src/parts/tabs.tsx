import { linkTo, type Route } from '../route.ts';

/** Pages that belong together, one of which one is on. Links: each has an address of its own. */
export function Tabs(props: {
  label: string;
  here: Route['page'];
  pages: readonly { readonly to: Route; readonly words: string }[];
}) {
  return (
    <nav class="tabs" aria-label={props.label}>
      {props.pages.map(({ to, words }) => (
        <a
          key={to.page}
          href={linkTo(to)}
          aria-current={to.page === props.here ? 'page' : undefined}
        >
          {words}
        </a>
      ))}
    </nav>
  );
}
