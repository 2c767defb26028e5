// Nothing but what makes the page comparable: the folder above holds other packages, this one stands alone.
export default { poweredByHeader: false, turbopack: { root: import.meta.dirname }, outputFileTracingRoot: import.meta.dirname };
