import { Icon, type IconName } from "./Icon";

/** A link to the one before or after; where there is none, its place stays. */
export function StepLink({ to, icon, label, title }: { to: string | null | undefined; icon: IconName; label: string; title: string }) {
  if (!to) {
    return (
      <span class="bare disabled" title={title} aria-hidden="true">
        <Icon name={icon} />
      </span>
    );
  }
  return (
    <a class="bare" href={to} aria-label={label} title={title}>
      <Icon name={icon} />
    </a>
  );
}
