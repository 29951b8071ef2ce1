/** Config of an Alertmanager that posts everything to us, and again every two seconds. */
export function alertRoute(url: string, token: string): object {
  return {
    route: { receiver: "rearguard", group_by: ["alertname", "namespace"], group_wait: "1s", group_interval: "1s", repeat_interval: "2s" },
    receivers: [
      {
        name: "rearguard",
        webhook_configs: [{ url, send_resolved: true, max_alerts: 0, http_config: { authorization: { credentials: token } } }],
      },
    ],
  };
}
