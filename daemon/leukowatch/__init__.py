"""Leukowatch: watches a folder of blood-smear images and keeps each slide's differential count."""
