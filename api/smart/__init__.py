"""SMART App Launch 2.2, Backend Services: tokens for registered clients.

Source: https://hl7.org/fhir/smart-app-launch/backend-services.html
"""
