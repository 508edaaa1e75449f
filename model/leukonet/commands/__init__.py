"""The commands of `leukonet`: train, judge, fetch data. Each imports what it needs when it runs."""
