//! Who can do what: grants, policies, public access block and ownership give a verdict and its deciding line.
