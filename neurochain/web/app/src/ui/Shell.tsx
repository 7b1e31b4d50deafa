import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useAsked } from "../api/asked";
import type { Project } from "../api/types";
import { plural } from "../format";
import { live, watch } from "../jobs/live";
import { go, path } from "../route";
import { type Theme, show, theme } from "../theme";
import { Icon, type IconName } from "./Icon";
import { listen } from "./keys";
import { Shortcuts } from "./Shortcuts";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const SHOWN: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

/** What stands around every view. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [help, setHelp] = useState(false);
  const project = useAsked<Project>("/api/project", { follows: true });
  useEffect(() => {
    let before = "";
    return listen((key) => {
      const last = before;
      before = key;
      if (last === "g" && key === "d") go("/");
      else if (last === "g" && key === "j") go("/jobs");
      else if (key === "?") setHelp(true);
      else if (key === "/") {
        const search = document.querySelector<HTMLElement>("[data-search]");
        if (search) search.focus();
        else {
          go("/");
          requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-search]")?.focus());
        }
      } else return false;
      return true;
    });
  }, []);
  useEffect(watch, []);
  const busy = live.value ? live.value.running.length : (project.data?.jobs_running ?? 0);
  const place = path.value;
  const links: [string, string, boolean][] = [
    ["/", "Datasets", place !== "/jobs"],
    ["/jobs", "Jobs", place === "/jobs"],
  ];
  return (
    <>
      <a class="skip" href="#main-start">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="/" aria-label="neurochain, all datasets">
          <img src="/mark.svg" width="20" height="20" alt="" />
          <span>neurochain</span>
        </a>
        {project.data && (
          <span class="project cut" title={`Project ${project.data.name}`}>
            {project.data.name}
          </span>
        )}
        <nav aria-label="Main">
          {links.map(([href, title, here]) => (
            <a key={href} href={href} aria-current={here ? "page" : undefined}>
              {title}
              {href === "/jobs" && busy > 0 && (
                <span class="badge" title={`${plural(busy, "job")} running`}>
                  {busy}
                  <span class="unseen"> running</span>
                </span>
              )}
            </a>
          ))}
        </nav>
        <span class="spring" />
        {project.data?.read_only && <span class="tag">read only</span>}
        <button type="button" class="bare" title="Shortcuts (?)" aria-label="Shortcuts" onClick={() => setHelp(true)}>
          <Icon name="help" />
        </button>
        <button type="button" class="bare" title={`Colours: ${theme.value}. Click for ${NEXT[theme.value]}.`} aria-label={`Colours: ${theme.value}`} onClick={() => show(NEXT[theme.value])}>
          <Icon name={SHOWN[theme.value]} />
        </button>
      </header>
      <div id="main-start" tabIndex={-1} class="content">
        {children}
      </div>
      {help && <Shortcuts close={() => setHelp(false)} />}
    </>
  );
}
