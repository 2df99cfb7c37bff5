// The app freezes Object.prototype; what can't live with that must fail here too.
Object.freeze(Object.prototype);
