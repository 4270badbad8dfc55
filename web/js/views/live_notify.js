// @ts-check
// The browser's notifications, where it has them and the person agreed.

/** @returns {import('../state/live_actions.js').Notifier} */
export function createNotifier() {
  const supported = 'Notification' in window;
  return {
    permission: () => (supported ? Notification.permission : 'unsupported'),
    ask: async () => (supported ? Notification.requestPermission() : 'unsupported'),
    show(text, tag) {
      const options = { body: text, tag: `firetower-${tag}`, silent: false };
      try {
        const shown = new Notification('Firetower', options);
        shown.onclick = () => window.focus();
      } catch {
        // Browsers on phones show them through the service worker only.
        void navigator.serviceWorker?.getRegistration().then((worker) => worker?.showNotification('Firetower', options));
      }
    },
  };
}
