import { useAsked } from "../../api/asked";
import { address } from "../../api/client";
import type { Activity } from "../../api/types";
import { Failed, Skeleton } from "../../ui/states";
import { Functions, Steps } from "../activity";

export function CodeTab({ reference }: { reference: string }) {
  const { data, error, again } = useAsked<Activity>(address("/api/activity", { ref: reference }), { keeps: true });
  if (error) return <Failed error={error} again={again} />;
  if (!data) return <Skeleton lines={8} />;
  return (
    <section class="code-tab" aria-label="Code">
      <h2>Steps</h2>
      <Steps steps={data.steps} />
      {data.functions.length > 0 && <h2>Functions</h2>}
      <Functions functions={data.functions} />
    </section>
  );
}
