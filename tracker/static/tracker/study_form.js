// The study form: the share of EV reporting items while it is filled, an answer taken back, a further row of findings.
'use strict';
{
  const items = () => [...document.querySelectorAll('[role=radiogroup]')].filter((g) => g.querySelector('[data-ev-item]'));

  // The same sum as tracker.curation.shapes.reported: an item without an answer applies and is not reported.
  function share() {
    const shown = document.querySelector('[data-ev-share]');
    if (!shown) return;
    const answers = items().map((group) => group.querySelector('input:checked')?.value);
    const applicable = answers.filter((one) => one !== 'not_applicable').length;
    const yes = answers.filter((one) => one === 'yes').length;
    shown.textContent = applicable
      ? `${Math.floor((200 * yes + applicable) / (2 * applicable))} % (${yes} of ${applicable} that apply)`
      : 'no item applies';
  }

  function oneMoreFinding(row) {
    const next = row.cloneNode(true);
    for (const input of next.querySelectorAll('input')) {
      input.value = '';
      for (const name of ['name', 'id', 'aria-label']) {
        input.setAttribute(name, input.getAttribute(name).replace(/\d+/, (number) => Number(number) + 1));
      }
    }
    row.after(next);
  }

  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-ev-item]')) share();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Backspace' && event.target.matches('.switch input')) {
      event.target.checked = false;
      event.preventDefault();
      share();
    }
  });
  document.addEventListener('input', (event) => {
    const row = event.target.closest('[data-finding]');
    if (row && !row.nextElementSibling) oneMoreFinding(row);
  });
  document.addEventListener('DOMContentLoaded', share);
  // The admin puts the cursor into the form's first field; the number to look up comes before it.
  window.addEventListener('load', () => {
    const asked = document.getElementById('look_up');
    if (asked && !asked.value && !document.querySelector('.errorlist')) asked.focus();
  });
}
