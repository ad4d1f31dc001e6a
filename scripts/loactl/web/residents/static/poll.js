// The code of a slip stands behind the # of the address that its QR has: browsers keep
// that to themselves.
"use strict";
(() => {
  const form = document.getElementById("poll");
  const code = decodeURIComponent(location.hash.slice(1));
  if (form && /^[a-z2-7-]{16,19}$/.test(code)) {
    form.elements.namedItem("code").value = code;
    history.replaceState(null, "", location.pathname + location.search);
  }
})();
